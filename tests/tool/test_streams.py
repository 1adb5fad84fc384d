#!/usr/bin/env python3
"""Managing streams: list, describe, create, delete, split, merge, resize."""

import re
import unittest

from support import USAGE, ToolTest

TOP = 2**128 - 1
SHARD_LINE = re.compile(r"^(shardId-\d{12}) +(open|closed) +(\S+(?: \S+)?) +(\d+) - (\d+)$")


def shard(number):
    return f"shardId-{number:012d}"


class Streams(ToolTest):
    def open_shards(self):
        return [row["shard"] for row in self.describe()["shards"] if row["open"]]

    def test_create_and_describe_as_json(self):
        self.create(3)
        described = self.describe()
        self.assertEqual(["name", "arn", "status", "mode", "created", "retention_hours", "open_shards", "shards"], list(described))
        self.assertEqual(self.stream, described["name"])
        self.assertEqual(f"arn:aws:kinesis:us-east-1:123456789012:stream/{self.stream}", described["arn"])
        self.assertEqual(("ACTIVE", "PROVISIONED", 24, 3), tuple(described[key] for key in ("status", "mode", "retention_hours", "open_shards")))
        self.assertRegex(described["created"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        shards = described["shards"]
        self.assertEqual([shard(0), shard(1), shard(2)], [row["shard"] for row in shards])
        for row in shards:
            self.assertEqual(["shard", "open", "parents", "starting_hash_key", "ending_hash_key"], list(row))
            self.assertIs(True, row["open"])
            self.assertEqual([], row["parents"])
        self.assertEqual("0", shards[0]["starting_hash_key"])
        self.assertEqual(str(TOP), shards[-1]["ending_hash_key"])
        for one, other in zip(shards, shards[1:]):
            self.assertEqual(int(one["ending_hash_key"]) + 1, int(other["starting_hash_key"]))

    def test_describe_as_text(self):
        self.create(2)
        head, table = self.run_tool("streams", "describe", self.stream).text.split("\n\n")
        rows = dict(re.split(r" {2,}| (?=\d+$)", line, maxsplit=1) for line in head.splitlines())
        self.assertEqual(self.stream, rows["name"])
        self.assertEqual(("ACTIVE", "PROVISIONED", "24 h", "2"), (rows["status"], rows["mode"], rows["retention"], rows["open shards"]))
        lines = table.splitlines()
        self.assertEqual(["SHARD", "STATE", "PARENTS", "HASH", "KEYS"], lines[0].split())
        found = [SHARD_LINE.match(line) for line in lines[1:]]
        self.assertEqual([(shard(0), "open", "-"), (shard(1), "open", "-")], [row.groups()[:3] for row in found])

    def test_create_without_shards_is_on_demand(self):
        self.run_tool("streams", "create", self.stream, "--wait")
        described = self.describe()
        self.assertEqual(("ON_DEMAND", 4), (described["mode"], described["open_shards"]))

    def test_create_says_nothing_when_it_works(self):
        self.assertEqual(b"", self.run_tool("streams", "create", self.stream, "--shards", "1").out)

    def test_list(self):
        self.create(1, self.stream + "-b")
        self.create(1, self.stream + "-a")
        text = self.run_tool("streams", "list").text.splitlines()
        self.assertEqual(sorted(text), text)
        self.assertLessEqual({self.stream + "-a", self.stream + "-b"}, set(text))
        self.assertEqual(text, self.run_tool("streams", "list", "--output", "json").json())

    def test_list_of_none(self):
        env = self.env(self.another_emulator().url)
        self.assertEqual(b"", self.run_tool("streams", "list", env=env).out)
        self.assertEqual([], self.run_tool("streams", "list", "--output", "json", env=env).json())

    def test_list_of_more_than_a_page(self):
        names = [f"stream-{number:03d}" for number in range(230)]
        env = self.env(self.another_emulator("--no-limits", "--streams", ",".join(f"{name}:1" for name in names)).url)
        self.assertEqual(names, self.run_tool("streams", "list", env=env).text.splitlines())

    def test_describe_more_shards_than_a_page(self):
        self.create(1_100)
        described = self.describe()
        self.assertEqual(1_100, described["open_shards"])
        self.assertEqual([shard(number) for number in range(1_100)], [row["shard"] for row in described["shards"]])

    def test_delete(self):
        self.create(1)
        self.run_tool("streams", "delete", self.stream, "--wait")
        self.fails("streams", "describe", self.stream, says=("not_found", self.stream))
        self.assertNotIn(self.stream, self.run_tool("streams", "list").text.splitlines())

    def test_split_in_the_middle(self):
        self.create(1)
        self.run_tool("streams", "split", self.stream, shard(0), "--wait")
        parent, left, right = self.describe()["shards"]
        self.assertFalse(parent["open"])
        self.assertEqual([[shard(0)], [shard(0)]], [left["parents"], right["parents"]])
        self.assertEqual(("0", str(2**127 - 1)), (left["starting_hash_key"], left["ending_hash_key"]))
        self.assertEqual((str(2**127), str(TOP)), (right["starting_hash_key"], right["ending_hash_key"]))

    def test_split_at_a_key(self):
        self.create(1)
        self.run_tool("streams", "split", self.stream, shard(0), "--at", "1000", "--wait")
        _, left, right = self.describe()["shards"]
        self.assertEqual(("999", "1000"), (left["ending_hash_key"], right["starting_hash_key"]))

    def test_merge(self):
        self.create(2)
        self.run_tool("streams", "merge", self.stream, shard(0), shard(1), "--wait")
        described = self.describe()
        self.assertEqual(1, described["open_shards"])
        child = described["shards"][2]
        self.assertEqual({shard(0), shard(1)}, set(child["parents"]))
        self.assertEqual(("0", str(TOP)), (child["starting_hash_key"], child["ending_hash_key"]))
        table = self.run_tool("streams", "describe", self.stream).text
        self.assertRegex(table, rf"{shard(2)} +open +{shard(0)} {shard(1)} +0 - {TOP}")

    def test_resize(self):
        self.create(2)
        self.run_tool("streams", "resize", self.stream, "4", "--wait")
        self.assertEqual(4, len(self.open_shards()))
        self.run_tool("streams", "resize", self.stream, "2", "--wait")
        self.assertEqual(2, len(self.open_shards()))

    def test_arn_in_place_of_the_name(self):
        self.create(1)
        arn = self.describe()["arn"]
        self.assertEqual(self.stream, self.describe(arn)["name"])
        self.put([b"by arn"], stream=arn)
        self.assertEqual(b"by arn\n", self.run_tool("tail", arn, "--from", "trim-horizon", "--count", "1").out)

    def test_json_on_the_wire(self):
        self.run_tool("streams", "create", self.stream, "--shards", "2", "--wait", "--json-wire")
        self.assertEqual(2, self.run_tool("streams", "describe", self.stream, "--output", "json", "--json-wire").json()["open_shards"])

    # Refusals.

    def test_create_twice(self):
        self.create(1)
        self.fails("streams", "create", self.stream, "--shards", "1", says=("already_exists", "ResourceInUseException", self.stream))

    def test_bad_name(self):
        self.fails("streams", "create", "two words", "--shards", "1", says=("two words", "ValidationException"))

    def test_unknown_shard(self):
        self.create(1)
        self.fails("streams", "split", self.stream, shard(7), says=("not_found", shard(7), "kinesis streams describe"))
        self.fails("streams", "merge", self.stream, shard(0), shard(7), says=("not_found", shard(7)))

    def test_merge_of_shards_apart(self):
        self.create(3)
        self.fails("streams", "merge", self.stream, shard(0), shard(2), says=("InvalidArgumentException", "adjacent"))

    def test_split_of_a_closed_shard(self):
        self.create(1)
        self.run_tool("streams", "split", self.stream, shard(0), "--wait")
        self.fails("streams", "split", self.stream, shard(0), says="InvalidArgumentException|ResourceInUseException")

    def test_split_outside_of_the_shard(self):
        self.create(2)
        self.fails("streams", "split", self.stream, shard(0), "--at", str(TOP), says="InvalidArgumentException")

    def test_resize_beyond_double(self):
        self.create(2)
        self.fails("streams", "resize", self.stream, "5", says="InvalidArgumentException|LimitExceededException")


class RegisteredConsumers(ToolTest):
    """The fan-out consumers of a stream."""
    emulator_options = ("--no-limits", "--stream-delay", "400")

    def consumers(self):
        return self.run_tool("streams", "consumers", self.stream, "--output", "json").json()

    def setUp(self):
        super().setUp()
        self.run_tool("streams", "create", self.stream, "--shards", "1", "--wait")

    def test_from_the_first_to_the_last(self):
        self.assertEqual([], self.consumers())
        self.assertEqual(b"", self.run_tool("streams", "consumers", self.stream).out)
        arn = self.run_tool("streams", "register", self.stream, "billing").text.strip()
        self.assertRegex(arn, f"^arn:aws:kinesis:us-east-1:123456789012:stream/{self.stream}/consumer/billing:\\d+$")
        registered = self.run_tool("streams", "register", self.stream, "search", "--output", "json").json()
        self.assertEqual(("search", "ACTIVE"), (registered["name"], registered["status"]))
        listed = self.consumers()
        self.assertEqual([("billing", arn, "ACTIVE"), ("search", registered["arn"], "ACTIVE")],
                         [(one["name"], one["arn"], one["status"]) for one in listed])
        self.assertRegex(listed[0]["registered"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        lines = self.run_tool("streams", "consumers", self.stream).text.splitlines()
        self.assertEqual(["NAME", "STATUS", "REGISTERED", "ARN"], lines[0].split())
        self.assertEqual(["billing", "ACTIVE", arn], [lines[1].split()[at] for at in (0, 1, 3)])
        self.assertEqual(b"", self.run_tool("streams", "deregister", self.stream, "billing").out)
        self.run_tool("streams", "deregister", self.stream, registered["arn"])
        self.assertEqual([], self.consumers())

    def test_without_waiting(self):
        self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--stream-delay", "600000")
        self.run_tool("streams", "register", self.stream, "c", "--no-wait")
        self.fails("streams", "deregister", self.stream, "c", says="ResourceInUseException")

    def test_what_is_refused(self):
        arn = self.run_tool("streams", "register", self.stream, "c").text.strip()
        self.fails("streams", "register", self.stream, "c", says="already exists")
        self.fails("streams", "register", self.stream, "two words", says="consumerName")
        self.fails("streams", "deregister", self.stream, "other", says="other.*not found")
        self.fails("streams", "deregister", self.stream, arn.replace("/consumer/", "-b/consumer/"), says="is no consumer of", code=USAGE)
        self.fails("streams", "consumers", "absent", says="not_found")


class StreamsThatNeverComeUp(ToolTest):
    emulator_options = ("--no-limits", "--stream-delay", "600000")

    def test_what_needs_an_active_stream_is_refused(self):
        self.run_tool("streams", "create", self.stream, "--shards", "1")
        self.assertEqual("CREATING", self.describe()["status"])
        self.fails("streams", "split", self.stream, shard(0), says="not_found|ResourceInUseException")
        self.fails("streams", "create", self.stream, "--shards", "1", says="ResourceInUseException")
        self.fails("streams", "delete", self.stream, says="ResourceInUseException")


class StreamsThatTakeTime(ToolTest):
    emulator_options = ("--no-limits", "--stream-delay", "400")

    def test_wait(self):
        self.run_tool("streams", "create", self.stream, "--shards", "1", "--wait")
        self.assertEqual("ACTIVE", self.describe()["status"])
        self.run_tool("streams", "split", self.stream, shard(0), "--wait")
        described = self.describe()
        self.assertEqual(("ACTIVE", 2), (described["status"], described["open_shards"]))
        self.run_tool("streams", "delete", self.stream, "--wait")
        self.fails("streams", "describe", self.stream, says="not_found")


class ServiceLimits(ToolTest):
    emulator_options = ("--streams", "limited:1")

    def test_a_quota_is_told_from_a_rate(self):
        self.fails("streams", "create", "too-large", "--shards", "30000", says="LimitExceededException")


class Settings(ToolTest):
    """Where region, endpoint and credentials come from."""

    def test_profile(self):
        self.create(1)
        (self.folder / ".aws").mkdir()
        self.write(".aws/config", f"[profile test]\nregion = us-east-1\nendpoint_url = {self.emulator.url}\n".encode())
        self.write(".aws/credentials", b"[test]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n")
        env = self.env(AWS_ENDPOINT_URL=None, AWS_REGION=None, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        self.assertIn(self.stream, self.run_tool("streams", "list", "--profile", "test", env=env).text)
        self.assertIn(self.stream, self.run_tool("streams", "list", env={**env, "AWS_PROFILE": "test"}).text)
        self.fails("streams", "list", "--profile", "absent", env=env, says="absent", code=USAGE)

    def test_files_named_in_the_environment(self):
        self.create(1)
        config = self.write("my-config", f"[default]\nregion = us-east-1\nendpoint_url = {self.emulator.url}\n".encode())
        credentials = self.write("my-credentials", b"[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = secret\n")
        env = self.env(AWS_ENDPOINT_URL=None, AWS_REGION=None, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_CONFIG_FILE=config,
                       AWS_SHARED_CREDENTIALS_FILE=credentials)
        self.assertIn(self.stream, self.run_tool("streams", "list", env=env).text)

    def test_files_that_are_not_there_are_as_good_as_empty(self):
        """As in every AWS SDK, named in the environment or not."""
        env = self.env(AWS_CONFIG_FILE=self.folder / "absent", AWS_SHARED_CREDENTIALS_FILE=self.folder / "absent")
        self.run_tool("streams", "list", env=env)

    def test_options_come_before_the_environment(self):
        env = self.env(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_REGION="eu-west-1")
        self.run_tool("streams", "create", self.stream, "--shards", "1", "--endpoint-url", self.emulator.url, "--region", "us-east-1", env=env)
        self.assertIn(self.stream, self.run_tool("streams", "list").text)

    def test_endpoint_of_the_service(self):
        env = self.env(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_ENDPOINT_URL_KINESIS=self.emulator.url)
        self.run_tool("streams", "list", env=env)


if __name__ == "__main__":
    unittest.main()
