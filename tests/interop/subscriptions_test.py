#!/usr/bin/env python3
"""Subscriptions (SubscribeToShard) and a consumer by enhanced fan-out against a Kinesis others wrote: kinesis-local, from npm. It is unlike the service:
its streams have no initial-response, events come each second, one holds all there is (megabytes) and is never sent whole where the stream's first
window is smaller, JSON answers CBOR as well, errors come within a stream of status 200, and a shard's end is not told.

KINESIS_SUBSCRIPTIONS: the program that subscribes. Skipped, with a line that says so, where npm or node is absent or cannot install."""

import base64
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tool"))

from npm_packages import FOLDER, SKIPPED, install  # noqa: E402
from npm_test import Server  # noqa: E402
from support import CRASH, Running, environment, free_port, wait_until  # noqa: E402

PROGRAM = os.environ.get("KINESIS_SUBSCRIPTIONS") or str(HERE.parents[1] / "build" / "dev" / "bin" / "subscriptions")
SHARD = "shardId-000000000000"


class Subscriber:
    """The program, and what it prints about each subscription."""

    def __init__(self, argv, folder):
        self.running = Running([PROGRAM, *argv], environment(folder), cwd=folder, stdin=subprocess.PIPE)

    def say(self, *words):
        self.running.process.stdin.write((" ".join(words) + "\n").encode())
        self.running.process.stdin.flush()

    def lines(self, name):
        lines = [line.decode().rstrip("\n").split("\t") for line in list(self.running.out) if line.endswith(b"\n")]
        return [words[1:] for words in lines if words[0] == name]

    def records(self, name):
        return [tuple(words[1:]) for words in self.lines(name) if words[0] == "record"]

    def wait_for(self, name, condition, what):
        self.running.wait_until(lambda _: condition(self.lines(name)), f"{what} of {name}")

    def wait_for_events(self, name, count):
        self.wait_for(name, lambda lines: sum(words[0] == "event" for words in lines) >= count, f"{count} events")

    def error(self, name):
        """How it ended: code, service code and message."""
        self.wait_for(name, lambda lines: lines and lines[-1][0] in ("error", "end"), "the end")
        return self.lines(name)[-1][1:]


class Subscriptions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._class_folder = tempfile.TemporaryDirectory(prefix="kinesis-test-")
        folder = pathlib.Path(cls._class_folder.name)
        cls.addClassCleanup(cls._class_folder.cleanup)
        subprocess.run([PROGRAM, "certificate", folder], env=environment(folder), check=True, timeout=60)
        cls.ca = folder / "ca.pem"
        identity = folder / "server.json"
        identity.write_text(json.dumps({"server": {"key": (folder / "key.pem").read_text(), "cert": (folder / "cert.pem").read_text()}}))
        plain, tls = free_port(), free_port()
        cls.url = {"h2c": f"http://127.0.0.1:{plain}", "tls": f"https://127.0.0.1:{tls}"}
        cls.server = Server("kinesis-local/main.js", url=cls.url["h2c"], ready=f"{cls.url['h2c']}/healthcheck", env={
            "KINESIS_MOCK_PLAIN_PORT": plain, "KINESIS_MOCK_TLS_PORT": tls, "KINESIS_MOCK_CERT_PATH": identity, "SHARD_LIMIT": 100, "LOG_LEVEL": "ERROR",
            **{f"{name}_DURATION": "100ms" for name in ("CREATE_STREAM", "REGISTER_STREAM_CONSUMER")}})
        cls.addClassCleanup(cls.server.close)
        cls.stream = "orders"
        cls.call("CreateStream", StreamName=cls.stream, ShardCount=1)
        wait_until(lambda: cls.summary()["StreamStatus"] == "ACTIVE", "the stream")
        cls.arn = cls.summary()["StreamARN"]
        # Few records, large ones, empty ones; all of them are one event of it.
        cls.stored = []
        cls.put([(f"small-{number}", b"%d" % number) for number in range(300)])
        for part in range(4):
            cls.put([(f"large-{part}-{number}", os.urandom(32_000)) for number in range(30)])
        cls.put([("empty", b""), ("every byte", bytes(range(256)))])

    @classmethod
    def call(cls, operation, **body):
        request = urllib.request.Request(cls.url["h2c"], json.dumps(body).encode(), {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Kinesis_20131202.{operation}", "X-Amz-Date": "20261122T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=any/20261122/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=ab"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    @classmethod
    def summary(cls):
        return cls.call("DescribeStreamSummary", StreamName=cls.stream)["StreamDescriptionSummary"]

    @classmethod
    def put(cls, records, stream=None):
        """Puts keys and data; what is kept of each is what the program prints."""
        answer = cls.call("PutRecords", StreamName=stream or cls.stream,
                          Records=[{"PartitionKey": key, "Data": base64.b64encode(data).decode()} for key, data in records])
        if answer["FailedRecordCount"]:
            raise AssertionError(answer)
        stored = [(row["SequenceNumber"], key, hashlib.sha256(data).hexdigest()) for row, (key, data) in zip(answer["Records"], records)]
        if stream is None:
            cls.stored += stored
        return stored

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kinesis-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def consumer(self, which=""):
        """A new one, by the name of the test."""
        name = self.id().split(".")[-1] + which
        arn = self.call("RegisterStreamConsumer", StreamARN=self.arn, ConsumerName=name)["Consumer"]["ConsumerARN"]
        wait_until(lambda: self.call("DescribeStreamConsumer", ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE", name)
        self.addCleanup(self.call, "DeregisterStreamConsumer", ConsumerARN=arn)
        return arn

    def start(self, wire, wire_format, strictness="lenient"):
        subscriber = Subscriber(["subscribe", self.url[wire], wire_format, strictness, *([self.ca] if wire == "tls" else [])], self.folder)
        self.addCleanup(subscriber.running.close)
        return subscriber

    def finish(self, running):
        running.process.stdin.close()
        ended = running.wait()
        self.assertEqual((0, b""), (ended.code, ended.err), str(ended))

    def check_all_records(self, wire, wire_format):
        consumer = self.consumer()
        subscriber = self.start(wire, wire_format)
        subscriber.say("subscribe", "a", consumer, SHARD)
        subscriber.wait_for("a", lambda lines: sum(words[0] == "record" for words in lines) >= len(self.stored), "all records")
        subscriber.wait_for_events("a", 1)
        lines = subscriber.lines("a")
        self.assertEqual(["opened"], lines[0])
        self.assertEqual(self.stored, subscriber.records("a"))
        events = [words[1:] for words in lines if words[0] == "event"]
        self.assertGreater(max(int(count) for count, _, _ in events), 120, "the large ones come at once")
        # It goes on with what is put meanwhile, and with events of nothing.
        more = self.put([("later", b"more")])
        subscriber.wait_for("a", lambda lines: ["record", *more[0]] in lines, "the later record")
        seen = sum(words[0] == "event" for words in subscriber.lines("a"))
        subscriber.wait_for_events("a", seen + 2)
        self.assertEqual(self.stored, subscriber.records("a"))
        self.assertEqual({"0"}, {words[3] for words in subscriber.lines("a") if words[0] == "event"})
        subscriber.say("cancel", "a")
        self.assertEqual(["cancelled", "", "the subscription was cancelled"], subscriber.error("a"))
        self.finish(subscriber.running)

    def test_all_records_over_h2c_in_json(self):
        self.check_all_records("h2c", "json")

    def test_all_records_over_h2c_in_cbor(self):
        self.check_all_records("h2c", "cbor")

    def test_all_records_over_tls_in_json(self):
        self.check_all_records("tls", "json")

    def test_all_records_over_tls_in_cbor(self):
        self.check_all_records("tls", "cbor")

    def check_second_subscription(self, wire):
        consumer = self.consumer()
        subscriber = self.start(wire, "cbor")
        subscriber.say("subscribe", "first", consumer, SHARD)
        subscriber.wait_for_events("first", 1)
        subscriber.say("subscribe", "second", consumer, SHARD)
        code, service_code, message = subscriber.error("second")
        self.assertEqual((code, service_code), ("already_exists", "ResourceInUseException"), message)
        # Within the stream, not in place of it.
        self.assertEqual(["opened"], subscriber.lines("second")[0])
        seen = sum(words[0] == "event" for words in subscriber.lines("first"))
        subscriber.wait_for_events("first", seen + 1)
        subscriber.say("cancel", "first")
        self.assertEqual("cancelled", subscriber.error("first")[0])
        # It lets go of the first at one of its next ticks.
        tries = iter(range(1, 1000))

        def admitted():
            name = f"later-{next(tries)}"
            subscriber.say("subscribe", name, consumer, SHARD)
            subscriber.wait_for(name, lambda lines: lines and lines[-1][0] in ("event", "error"), "an event or an error")
            if subscriber.lines(name)[-1][0] == "event":
                return name
            self.assertEqual("already_exists", subscriber.error(name)[0])
            return None
        name = wait_until(admitted, "a later subscription")
        self.assertEqual(self.stored, subscriber.records(name))
        # It is closed while a stream is open, upon which this server sends a PING ACK to no PING.
        self.finish(subscriber.running)
        # Two were open at once: that is HTTP/2.
        self.assertEqual([["1"]], subscriber.lines("connections"))

    def test_a_second_subscription_over_h2c_waits_for_the_end_of_the_first(self):
        self.check_second_subscription("h2c")

    def test_a_second_subscription_over_tls_waits_for_the_end_of_the_first(self):
        self.check_second_subscription("tls")

    def test_without_the_option_the_missing_initial_response_is_an_error(self):
        for wire in ("h2c", "tls"):
            subscriber = self.start(wire, "json", "strict")
            subscriber.say("subscribe", "a", self.consumer(wire), SHARD)
            self.assertEqual(["protocol", "", "the event stream does not begin with an initial-response"], subscriber.error("a"))
            self.assertEqual([["opened"]], subscriber.lines("a")[:-1])
            self.finish(subscriber.running)

    def test_an_unknown_consumer_is_an_error_within_the_stream(self):
        subscriber = self.start("h2c", "json")
        subscriber.say("subscribe", "a", f"{self.arn}/consumer/nobody:1", SHARD)
        self.assertEqual(["not_found", "ResourceNotFoundException"], subscriber.error("a")[:2])
        self.finish(subscriber.running)

    def test_a_consumer_over_tls(self):
        """It registers its fan-out consumer, and reads three shards."""
        stream = "payments"
        self.call("CreateStream", StreamName=stream, ShardCount=3)
        wait_until(lambda: self.call("DescribeStreamSummary", StreamName=stream)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE", stream)
        self.put([(f"key-{number % 7}", b"%d" % number) for number in range(200)], stream)
        running = Running([PROGRAM, "consume", self.url["tls"], stream, "billing", self.ca], environment(self.folder), cwd=self.folder)
        self.addCleanup(running.close)
        running.wait_for_lines(200)
        self.put([(f"key-{number % 7}", b"%d" % number) for number in range(200, 300)], stream)
        running.wait_for_lines(300)
        ended = running.stop(signal.SIGTERM)
        self.assertEqual(0, ended.code, ended.error)
        self.assertIsNone(CRASH.search(ended.err), str(ended))
        rows = [line.decode().split("\t") for line in ended.lines]
        by_key = {}
        for key, data in rows:
            by_key.setdefault(key, []).append(int(data))
        self.assertEqual({f"key-{key}": list(range(key, 300, 7)) for key in range(7)}, by_key)
        summary = self.call("DescribeStreamSummary", StreamName=stream)["StreamDescriptionSummary"]
        consumers = self.call("ListStreamConsumers", StreamARN=summary["StreamARN"])["Consumers"]
        self.assertEqual(["billing"], [consumer["ConsumerName"] for consumer in consumers])


if __name__ == "__main__":
    why_not = install()
    if why_not:
        print(f"SKIPPED: subscriptions to kinesis-local: {why_not}", flush=True)
        sys.exit(SKIPPED)
    unittest.main()
