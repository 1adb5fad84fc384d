#!/usr/bin/env python3
"""--fan-out: what is read, which consumer is registered for it, and which is left."""

import base64
import json
import os
import re
import signal
import unittest
import urllib.request

from support import DONE, FAILED, PATIENCE, USAGE, ToolTest, wait_until

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/"


class FanOutTest(ToolTest):
    def call(self, operation, **members):
        """An operation the tool has no command for; the signature only has to look like one."""
        request = urllib.request.Request(self.emulator.url, json.dumps(members).encode(), {
            "content-type": "application/x-amz-json-1.1", "x-amz-target": f"Kinesis_20131202.{operation}", "x-amz-date": "20260101T000000Z",
            "authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=ab"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def consumers(self):
        return [consumer["ConsumerName"] for consumer in self.call("ListStreamConsumers", StreamARN=ARN + self.stream)["Consumers"]]

    def register(self, name):
        return self.call("RegisterStreamConsumer", StreamARN=ARN + self.stream, ConsumerName=name)["Consumer"]["ConsumerARN"]

    def lines(self, first, count):
        return [b"%d" % number for number in range(first, first + count)]


class Tail(FanOutTest):
    def start_tail(self, *options):
        """Returned once it is subscribed to every shard."""
        running = self.start("tail", self.stream, "-vv", *options)
        for shard in self.describe()["shards"]:
            running.wait_for_stderr(rf"{shard['shard']}: subscribed".encode())
        return running

    def test_a_consumer_of_its_own_comes_and_goes(self):
        self.create(2)
        self.put(self.lines(0, 50))
        running = self.start_tail("--fan-out", "--from", "trim-horizon", "--count", "60")
        running.wait_for_lines(50)
        name, = self.consumers()
        self.assertRegex(name, r"^kinesis-tail-[0-9a-f]{8}$")
        self.put(self.lines(50, 10))
        ended = running.wait()
        self.assertEqual(DONE, ended.code, str(ended))
        self.assertEqual(sorted(self.lines(0, 60)), sorted(ended.lines))
        self.assertEqual([], self.consumers())

    def test_a_signal_takes_it_away_as_well(self):
        self.create(2)
        for number in (signal.SIGINT, signal.SIGTERM):
            running = self.start_tail("--fan-out")
            self.put([b"seen"])
            running.wait_for_lines(1)
            ended = running.stop(number)
            self.assertEqual((DONE, [b"seen"]), (ended.code, ended.lines), str(ended))
            self.assertEqual([], self.consumers())

    def test_a_signal_while_it_is_registered(self):
        """A consumer that is still being made cannot be deregistered: the end waits for it."""
        self.emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:1", "--stream-delay", "1500")
        wait_until(lambda: self.describe()["status"] == "ACTIVE", "the stream")
        running = self.start("tail", self.stream, "-vv", "--fan-out")
        wait_until(self.consumers, "a consumer")
        ended = running.stop(signal.SIGINT)
        self.assertEqual(DONE, ended.code, str(ended))
        wait_until(lambda: not self.consumers(), "the end of the consumer")

    def test_a_reader_that_goes_takes_it_away(self):
        self.create(1)
        self.put(self.lines(0, 50_000))
        reader, writer = os.pipe()
        running = self.start("tail", self.stream, "--fan-out", "--from", "trim-horizon", stdout=writer)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        ended = running.wait()
        self.assertEqual(FAILED, ended.code, str(ended))
        self.assertEqual([], self.consumers())

    def test_one_by_name_stays(self):
        self.create(1)
        self.put(self.lines(0, 5))
        for _ in range(2):
            ended = self.run_tool("tail", self.stream, "--fan-out", "mine", "--from", "trim-horizon", "--count", "5")
            self.assertEqual(self.lines(0, 5), ended.lines)
            self.assertEqual(["mine"], self.consumers())

    def test_one_by_arn_is_used_as_it_is(self):
        self.create(1)
        self.put(self.lines(0, 5))
        arn = self.register("theirs")
        ended = self.run_tool("tail", self.stream, f"--fan-out={arn}", "--from", "trim-horizon", "--count", "5")
        self.assertEqual(self.lines(0, 5), ended.lines)
        self.assertEqual(["theirs"], self.consumers())
        ended = self.run_tool("tail", self.stream, "--fan-out", arn.replace("theirs", "nobody"), code=FAILED)
        self.assertIn("nobody", ended.error)

    def test_until_caught_up(self):
        self.create(2)
        self.put(self.lines(0, 20))
        ended = self.run_tool("tail", self.stream, "--fan-out", "--from", "trim-horizon", "--until-caught-up")
        self.assertEqual(sorted(self.lines(0, 20)), sorted(ended.lines))

    def test_before_the_stream(self):
        self.create(1)
        self.put(self.lines(0, 1))
        self.assertEqual([b"0"], self.run_tool("tail", "--from", "trim-horizon", "--count", "1", "--fan-out", self.stream).lines)

    def test_a_stream_that_is_not_there(self):
        ended = self.run_tool("tail", "nowhere", "--fan-out", code=FAILED)
        self.assertIn("not_found", ended.error)

    def test_wrong_usage(self):
        for words, says in {
            ("tail", "s", "--fan-out", "two words"): "fan-out consumer",
            ("tail", "s", "--fan-out", ARN + "s"): "ARN of something else",
            ("tail", "s", "--fan-out", "a", "b"): "b",
            ("consume", "s", "--application", "a", "--leases", "memory", "--fan-out", "x" * 129): "fan-out consumer",
            ("consume", "s", "--application", "a", "--fan-out", "--poll-interval", "5"): "--poll-interval",
        }.items():
            with self.subTest(words=words):
                ended = self.run_tool(*words, code=USAGE)
                self.assertIn(says, ended.error)
                self.assertEqual(1, len(ended.error.splitlines()), ended.error)


class Consume(FanOutTest):
    def worker(self, *options):
        return self.start("consume", self.stream, "--application", "billing", "--leases", f"sqlite:{self.folder / 'leases.db'}", "--records", "-", *options)

    def numbers(self, ended):
        self.assertEqual(DONE, ended.code, str(ended))
        return sorted(int(base64.b64decode(row["data_base64"])) for row in ended.json_lines())

    def test_the_consumer_of_the_application_stays(self):
        self.create(2)
        self.put(self.lines(0, 30))
        worker = self.worker("--fan-out")
        worker.wait_for_lines(30)
        self.assertEqual(list(range(30)), self.numbers(worker.stop()))
        self.assertEqual(["billing"], self.consumers())
        self.put(self.lines(30, 30))
        worker = self.worker("--fan-out")
        worker.wait_for_lines(30)
        self.assertEqual(list(range(30, 60)), self.numbers(worker.stop()), "it goes on after its checkpoints")
        self.assertEqual(["billing"], self.consumers())

    def test_processes_get_the_records(self):
        self.create(1)
        self.put(self.lines(0, 20))
        worker = self.start("consume", self.stream, "--application", "billing", "--leases", f"sqlite:{self.folder / 'leases.db'}", "--fan-out", "other",
                            "--exec", "cat")
        worker.wait_for_lines(20)
        self.assertEqual(self.lines(0, 20), worker.stop().lines)
        self.assertEqual(["other"], self.consumers())

    def test_through_breaks(self):
        self.emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:1", "--fault", "action=stream-cut,events=1,times=1",
                                              "--fault", "action=stream-corrupt,events=1,times=1")
        worker = self.worker("--fan-out", "-v")
        for number in range(4):
            self.put(self.lines(10 * number, 10))
            worker.wait_for_lines(10 * number + 10)
        self.assertEqual(list(range(40)), self.numbers(worker.stop()))


class Bench(FanOutTest):
    def test_json(self):
        self.create(2)
        self.put(self.lines(0, 3000), "--aggregate")
        measured = self.run_tool("bench", "consume", self.stream, "--fan-out", "--records", "3000", "--json").json()
        self.assertEqual(3000, measured["records"])
        self.assertEqual([], self.consumers())


class Demo(FanOutTest):
    emulator_options = None

    def test_nothing_is_lost(self):
        rows = ({"origin": f"A{number % 40:02}", "flight": number} for number in range(600))
        path = self.write("lines.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        ended = self.run_tool("demo", path, "--rate", "600", "--fan-out", patience=4 * PATIENCE)
        rows = dict(re.findall(r"^  (\S[\w -]*?)  +(\S.*?)\r?$", ended.text, re.M))
        self.assertEqual(("600", "0", "0"), tuple(rows[name] for name in ("records sent", "lost", "out of order")))
        self.assertRegex(rows["put to handler"], r"^p50 \d+ ms, p99 \d+ ms, enhanced fan-out$")


if __name__ == "__main__":
    unittest.main()
