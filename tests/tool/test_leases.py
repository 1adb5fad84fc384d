#!/usr/bin/env python3
"""kinesis leases: shows the leases of an application and changes them, guarded: what is not there, what changed meanwhile, and what a living worker has."""

import contextlib
import json
import sqlite3
import unittest

from support import FAILED, USAGE, ToolTest, wait_until

APPLICATION = "billing"
FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"
KEYS = ["shard", "owner", "checkpoint_owner", "counter", "renewed_ago_s", "checkpoint", "pending_checkpoint", "owner_switches_since_checkpoint", "parents",
        "children", "starting_hash_key", "ending_hash_key"]


class LeasesTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.lease_file = self.folder / "leases.db"

    def worker(self, name="w1"):
        return self.start("consume", self.stream, "--application", APPLICATION, "--leases", f"sqlite:{self.lease_file}", "--worker", name, "--records", "-",
                          "--poll-interval", "100")

    def words(self, action, *words):
        return ("leases", action, *words, "--application", APPLICATION, "--leases", f"sqlite:{self.lease_file}")

    def leases(self, *words):
        """By shard."""
        return {row["shard"]: row for row in self.run_tool(*self.words("list", "--json", *words)).json()}

    def made(self, shards=2, records=10):
        """Leases that a worker made, read to their end and gave back."""
        self.create(shards)
        self.put([b"%d" % number for number in range(records)])
        worker = self.worker()
        worker.wait_for_lines(records)
        self.check_end(worker.stop())
        return worker.json_lines()

    def sql(self, *statements):
        with contextlib.closing(sqlite3.connect(self.lease_file, timeout=10)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    def refuses(self, action, *words, says, code=FAILED):
        before = self.leases()
        self.fails(*self.words(action, *words), says=says, code=code)
        self.assertEqual(before, self.leases())


class Listing(LeasesTest):
    def test_json(self):
        rows = self.made()
        last = {row["shard"]: row["sequence_number"] for row in rows}
        leases = self.leases()
        self.assertEqual({FIRST, SECOND}, set(leases))
        for shard, lease in leases.items():
            self.assertEqual(KEYS, list(lease))
            self.assertEqual((None, None, None), (lease["owner"], lease["renewed_ago_s"], lease["pending_checkpoint"]))
            self.assertEqual({"value": last[shard], "sub_sequence_number": 0}, lease["checkpoint"])
        self.assertEqual(0, int(leases[FIRST]["starting_hash_key"]))
        self.assertEqual(2 ** 128 - 1, int(leases[SECOND]["ending_hash_key"]))

    def test_text(self):
        self.made()
        self.sql(f"UPDATE leases SET leaseOwner = 'w2', checkpointOwner = 'w1', checkpointSubSequenceNumber = 7 WHERE leaseKey = '{FIRST}'")
        lines = self.run_tool(*self.words("list", "--hash-keys")).text.splitlines()
        self.assertEqual(["SHARD", "OWNER", "COUNTER", "CHECKPOINT", "PARENTS", "CHILDREN", "HASH", "KEYS"], lines[0].split())
        self.assertRegex(lines[1], rf"^{FIRST}  w2 \(from w1\) +\d+ +\d+/7 +- +- +0 - \d+$")
        self.assertRegex(lines[2], rf"^{SECOND}  - ")
        self.assertEqual(3, len(lines))

    def test_parents_and_children(self):
        self.made(1)
        self.run_tool("streams", "split", self.stream, FIRST, "--wait")
        worker = self.worker()
        wait_until(lambda: len(self.leases()) == 3 and self.leases()[FIRST]["checkpoint"]["value"] == "SHARD_END", "the end of the parent")
        self.check_end(worker.stop())
        leases = self.leases()
        self.assertEqual([SECOND, "shardId-000000000002"], leases[FIRST]["children"])
        self.assertEqual([FIRST], leases[SECOND]["parents"])

    def test_which_owners_live(self):
        self.create(1)
        worker = self.worker()
        wait_until(lambda: self.lease_file.exists() and self.leases(), "a lease")
        lease = self.leases("--watch", "60")[FIRST]  # ends once the lease was renewed
        self.assertEqual("w1", lease["owner"])
        self.assertLess(lease["renewed_ago_s"], 60)
        worker.kill()
        self.assertIsNone(self.leases("--watch", "0.1")[FIRST]["renewed_ago_s"])
        self.assertRegex(self.run_tool(*self.words("list", "--watch", "0.1")).text, "not for 0.1 s")

    def test_of_another_application(self):
        self.made()
        self.assertEqual([], self.run_tool("leases", "list", "--application", "audit", "--leases", f"sqlite:{self.lease_file}", "--json").json())
        self.assertIn("no leases", self.run_tool("leases", "list", "--application", "audit", "--leases", f"sqlite:{self.lease_file}").text)

    def test_what_is_not_there_is_not_made(self):
        self.fails(*self.words("list"), says=("not_found", "leases.db"))
        self.assertFalse(self.lease_file.exists())

    def test_an_endpoint_without_dynamodb(self):
        self.fails("leases", "list", "--application", APPLICATION, says=("no DynamoDB", "sqlite:FILE"))

    def test_no_lease_file(self):
        self.lease_file.write_bytes(b"what is this" * 1000)
        self.fails(*self.words("list"), says=("storage", "leases.db"))

    def test_wrong_usage(self):
        for words, says in {("leases", "list"): "--application", ("leases", "list", "--application", "a", "--leases", "memory"): "memory",
                            ("leases", "list", "--application", "a", "--leases", "redis:1"): "redis:1",
                            ("leases", "list", "--application", "a b", "--leases", "sqlite:x"): "application"}.items():
            with self.subTest(words=words):
                self.fails(*words, says=says, code=USAGE)


class Changing(LeasesTest):
    def test_nothing_happens_without_yes(self):
        self.made()
        before = self.leases()
        for action, words, says in (("release", [FIRST], "would release"), ("delete", ["--all"], "would delete"),
                                    ("reset", ["--all", "--to", "trim-horizon"], "would set"), ("set-checkpoint", [FIRST, "SHARD_END"], "would set")):
            with self.subTest(action=action):
                ended = self.run_tool(*self.words(action, *words), code=USAGE)
                self.assertEqual(2 if "--all" in words else 1, len(ended.lines), ended)
                self.assertTrue(all(line.startswith(says) for line in ended.text.splitlines()), ended)
                self.assertIn("--yes", ended.error)
        ended = self.run_tool(*self.words("delete", FIRST, "--json"), code=USAGE)
        self.assertEqual(["changed", "would"], list(ended.json()))
        self.assertEqual(before, self.leases())

    def test_release_a_lease_that_a_dead_worker_left(self):
        self.made()
        self.sql("UPDATE leases SET leaseOwner = 'gone'")
        before = self.leases()
        ended = self.run_tool(*self.words("release", FIRST, "--yes", "--watch", "0.1"))
        self.assertRegex(ended.text, f"^released {FIRST}, owned by gone; its owner gone did not renew it for 0.1 s\n$")
        after = self.leases()
        self.assertEqual((None, before[FIRST]["counter"] + 1), (after[FIRST]["owner"], after[FIRST]["counter"]))
        self.assertEqual(before[FIRST]["checkpoint"], after[FIRST]["checkpoint"])
        self.assertEqual(before[SECOND], after[SECOND])

    def test_delete(self):
        self.made()
        self.run_tool(*self.words("delete", FIRST, "--yes"))
        self.assertEqual({SECOND}, set(self.leases()))
        self.assertEqual({"changed": 1, "refused": 0}, self.run_tool(*self.words("delete", "--all", "--yes", "--json")).json())
        self.assertEqual({}, self.leases())

    def test_reset_has_all_of_it_worked_on_again(self):
        rows = self.made(2, 20)
        self.run_tool(*self.words("reset", "--all", "--to", "trim-horizon", "--yes"))
        again = self.worker("w2")
        again.wait_for_lines(20)
        self.check_end(again.stop())
        self.assertEqual({row["sequence_number"] for row in rows}, {row["sequence_number"] for row in again.json_lines()})

    def test_set_checkpoint_goes_on_after_that_record(self):
        rows = self.made(1, 20)
        self.run_tool(*self.words("set-checkpoint", FIRST, rows[11]["sequence_number"], "--yes"))
        again = self.worker("w2")
        again.wait_for_lines(8)
        self.check_end(again.stop())
        self.assertEqual([row["sequence_number"] for row in rows[12:]], [row["sequence_number"] for row in again.json_lines()])

    def test_all_positions(self):
        self.made(1)
        for text, value, sub in (("LATEST", "LATEST", 0), ("shard-end", "SHARD_END", 0), ("at_timestamp", "AT_TIMESTAMP", 0), ("123/45", "123", 45),
                                 ("TRIM_HORIZON", "TRIM_HORIZON", 0)):
            self.run_tool(*self.words("set-checkpoint", FIRST, text, "--yes"))
            self.assertEqual({"value": value, "sub_sequence_number": sub}, self.leases()[FIRST]["checkpoint"])
        for text in ("yesterday", "12/", "12/x", "/3", "LATEST/3", "12/-1"):
            with self.subTest(text=text):
                self.refuses("set-checkpoint", FIRST, text, "--yes", says="TRIM_HORIZON", code=USAGE)

    def test_a_shard_that_is_not_there(self):
        self.made()
        for action, *words in (("release",), ("delete",), ("reset", "--to", "latest")):
            self.refuses(action, "shardId-000000000009", *words, "--yes", says=("not_found", "shardId-000000000009", "leases list"))
        self.refuses("set-checkpoint", "shardId-000000000009", "LATEST", "--yes", says="not_found")

    def test_one_or_all(self):
        self.made()
        self.refuses("delete", "--yes", says="--all", code=USAGE)
        self.refuses("delete", FIRST, "--all", "--yes", says="--all", code=USAGE)

    def test_a_living_owner_needs_force(self):
        self.made(1)
        worker = self.worker()
        wait_until(lambda: self.leases()[FIRST]["owner"] == "w1", "an owner")
        self.fails(*self.words("reset", FIRST, "--to", "trim-horizon", "--yes", "--watch", "60"), says=("w1", "--force", FIRST))
        self.assertEqual("w1", self.leases()[FIRST]["owner"])
        ended = self.run_tool(*self.words("reset", FIRST, "--to", "trim-horizon", "--watch", "60"), code=USAGE)
        self.assertRegex(ended.text, "its owner w1 is alive")
        self.assertIn("--force", ended.error)
        self.run_tool(*self.words("reset", FIRST, "--to", "trim-horizon", "--yes", "--force", "--watch", "0"))
        worker.wait_for_lines(10)  # it loses the lease, takes it again, and begins anew
        self.check_end(worker.stop())

    def test_a_lease_that_changes_meanwhile_is_left_alone(self):
        """The write of the first lease sets off a change of the second one."""
        self.made()
        self.sql(f"CREATE TRIGGER meddler AFTER INSERT ON leases WHEN NEW.leaseKey = '{FIRST}' BEGIN "
                 f"UPDATE leases SET leaseCounter = leaseCounter + 1, leaseOwner = 'w9' WHERE leaseKey = '{SECOND}'; END")
        before = self.leases()
        ended = self.run_tool(*self.words("reset", "--all", "--to", "trim-horizon", "--yes"), code=FAILED)
        self.assertEqual(1, len(ended.lines))
        self.assertRegex(ended.error, rf"^kinesis leases: condition_failed: .*{SECOND}: the counter went from \d+ to \d+, the owner from - to w9")
        after = self.leases()
        self.assertEqual("TRIM_HORIZON", after[FIRST]["checkpoint"]["value"])
        self.assertEqual(before[SECOND]["checkpoint"], after[SECOND]["checkpoint"])


class Progress(LeasesTest):
    def test_is_stored_though_nothing_more_comes(self):
        self.create(1)
        self.put([b"one"])
        worker = self.worker()
        worker.wait_for_lines(1)
        number = json.loads(worker.out[0])["sequence_number"]
        wait_until(lambda: self.leases()[FIRST]["checkpoint"]["value"] == number, "the checkpoint")
        self.check_end(worker.stop())


if __name__ == "__main__":
    unittest.main()
