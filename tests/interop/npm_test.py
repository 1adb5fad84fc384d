#!/usr/bin/env python3
"""The tool against servers others wrote: kinesis-local (Kinesis) and dynalite (DynamoDB), from npm, pinned by package-lock.json.

KINESIS_NPM_FOLDER: where they are installed, once; the build tree's npm/ by default. Skipped, with a line that says so, where npm or node is absent or
cannot install."""

import base64
import collections
import json
import pathlib
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tool"))

from npm_packages import FOLDER, SKIPPED, install  # noqa: E402
from support import Running, ToolTest, environment, free_port, wait_until  # noqa: E402


class Server:
    """A Node program that answers at `url` once it is up. Ended by SIGKILL: kinesis-local ignores SIGTERM while connections are open."""

    def __init__(self, script, *options, url, ready, env):
        argv = ["node", "-r", HERE / "loopback.cjs", FOLDER / "node_modules" / script, *options]
        self.url = url
        self.running = Running(argv, environment(FOLDER, **env), cwd=FOLDER)
        try:
            wait_until(lambda: not self.running.alive or self._answers(ready), f"an answer at {ready}")
            if not self.running.alive:
                raise AssertionError(f"ended at its start: {self.running}")
        except BaseException:
            self.running.close()
            raise

    @staticmethod
    def _answers(url):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except OSError:
            return False

    def close(self):
        self.running.close()


class NpmTest(ToolTest):
    emulator_options = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        plain, tls, tables = free_port(), free_port(), free_port()
        cls.servers = []
        try:
            cls.kinesis = cls.add(Server("kinesis-local/main.js", url=f"http://127.0.0.1:{plain}", ready=f"http://127.0.0.1:{plain}/healthcheck", env={
                "KINESIS_MOCK_PLAIN_PORT": plain, "KINESIS_MOCK_TLS_PORT": tls, "KINESIS_MOCK_CERT_PATH": FOLDER / "node_modules/kinesis-local/server.json",
                "SHARD_LIMIT": 100, "LOG_LEVEL": "ERROR", **{f"{name}_DURATION": "200ms" for name in ("CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS")}}))
            cls.dynamodb = cls.add(Server("dynalite/cli.js", "--host", "127.0.0.1", "--port", tables, "--createTableMs", "200", "--deleteTableMs", "200",
                                          url=f"http://127.0.0.1:{tables}", ready=f"http://127.0.0.1:{tables}/", env={}))
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def add(cls, server):
        cls.servers.append(server)
        return server

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers:
            server.close()
        super().tearDownClass()

    def env(self, endpoint=None, **more):
        return super().env(endpoint or self.kinesis.url, **{"AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb.url, **more})

    def run_tool(self, command, *words, **more):
        """Their CBOR is not AWS's: JSON on the wire."""
        return super().run_tool(command, *words, *(() if command in ("emulate", "completion") else ("--json-wire",)), **more)

    def worker(self, name, *options):
        return self.start("consume", self.stream, "--application", "interop", "--leases", f"dynamodb:{self.stream}", "--worker", name, "--records", "-",
                          "--poll-interval", "200", "--json-wire", *options)

    def receipts(self, lines):
        """Puts lines; (shard, sequence number) and data of each."""
        path = self.folder / "receipts.jsonl"
        self.put(lines, "--key-column", "1", "--receipts", path)
        rows = [json.loads(line) for line in path.read_bytes().splitlines()]
        self.assertEqual(len(lines), len(rows))
        return {(row["shard"], row["sequence_number"]): lines[row["line"] - 1] for row in rows}

    def lines(self, first, count):
        return [b"k%d\t%d" % (number % 8, number) for number in range(first, first + count)]

    def leases(self):
        """The rows of the lease table, through an API of their own."""
        body = json.dumps({"TableName": self.stream, "ConsistentRead": True}).encode()
        request = urllib.request.Request(self.dynamodb.url, body, {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.Scan", "X-Amz-Date": "20261122T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=ab"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return {item["leaseKey"]["S"]: item for item in json.load(answer)["Items"]}
        except urllib.error.HTTPError:  # no table yet
            return {}

    def wait_for_owners(self, **wanted):
        def owners():
            return collections.Counter(item["leaseOwner"]["S"] for item in self.leases().values()
                                       if "leaseOwner" in item and item["checkpoint"]["S"] != "SHARD_END")
        wait_until(lambda: owners() == collections.Counter(wanted), f"owners {wanted}")

    @staticmethod
    def handled(rows):
        return {(row["shard"], row["sequence_number"]): base64.b64decode(row["data_base64"]) for row in rows}

    def wait_for_records(self, workers, count):
        wait_until(lambda: len({key for worker in workers for key in self.handled(worker.json_lines())}) >= count, f"{count} records")

    def finish(self, worker):
        ended = worker.stop(signal.SIGTERM)
        self.check_end(ended)
        return ended.json_lines()


class KinesisLocal(NpmTest):
    def test_streams(self):
        self.create(2)
        described = self.describe()
        self.assertEqual((self.stream, "ACTIVE", 2), (described["name"], described["status"], described["open_shards"]))
        self.assertIn(self.stream, self.run_tool("streams", "list").text.splitlines())
        self.run_tool("streams", "merge", self.stream, "shardId-000000000000", "shardId-000000000001", "--wait")
        self.assertEqual(1, self.describe()["open_shards"])
        self.run_tool("streams", "resize", self.stream, "2", "--wait")
        self.assertEqual(2, self.describe()["open_shards"])
        self.run_tool("streams", "delete", self.stream, "--wait")
        self.fails("streams", "describe", self.stream, says=("not_found", "ResourceNotFoundException"))

    def test_put_and_tail(self):
        self.create(2)
        lines = self.lines(0, 300) + [b"k\t" + bytes(range(11, 256)), b"k\t"]
        stored = self.receipts(lines)
        rows = self.tail_all()
        self.assertEqual(stored, self.handled(rows))
        self.assertEqual(len(lines), len(rows))
        self.assertEqual({line.split(b"\t")[0].decode() for line in lines}, {row["partition_key"] for row in rows})

    def test_the_library_of_others_reads_our_records(self):
        """aws-kinesis-agg finds one user record in each of ours, the same bytes."""
        self.create(1)
        stored = self.receipts(self.lines(0, 5))
        rows = self.tail_all()
        program = """
            const { deaggregateSync } = require('aws-kinesis-agg');
            for (const row of JSON.parse(require('fs').readFileSync(0))) {
              const record = { kinesis: { data: row.data_base64, partitionKey: row.partition_key, sequenceNumber: row.sequence_number } };
              deaggregateSync(record.kinesis, true, (error, records) => {
                if (error) throw error;
                for (const one of records) console.log(JSON.stringify([one.partitionKey, one.data.toString('base64')]));
              });
            }"""
        ended = subprocess.run(["node", "-e", program], cwd=FOLDER, input=json.dumps(rows), capture_output=True, text=True, timeout=60)
        self.assertEqual("", ended.stderr)
        found = [base64.b64decode(json.loads(line)[1]) for line in ended.stdout.splitlines()]
        self.assertEqual(sorted(stored.values()), sorted(found))

    def test_consume_with_two_workers_a_split_and_a_restart(self):
        self.create(2)
        stored = self.receipts(self.lines(0, 200))
        one = self.worker("w1")
        self.wait_for_records([one], 200)
        other = self.worker("w2")
        self.wait_for_owners(w1=1, w2=1)
        self.run_tool("streams", "split", self.stream, "shardId-000000000000", "--wait")
        stored |= self.receipts(self.lines(200, 200))
        self.wait_for_records([one, other], 400)
        rows = self.finish(one)
        stored |= self.receipts(self.lines(400, 100))
        wait_until(lambda: len(self.handled(rows + other.json_lines())) >= 500, "the rest in the hands of one worker")
        rows += self.finish(other)
        self.assertEqual(stored, self.handled(rows))
        self.assert_order(rows)
        # Both are gone and have handed back what they had; a third one finds nothing left, and then what is new.
        self.assertEqual({"SHARD_END"}, {self.leases()["shardId-000000000000"]["checkpoint"]["S"]})
        self.assertFalse([key for key, item in self.leases().items() if "leaseOwner" in item])
        third = self.worker("w3")
        self.wait_for_owners(w3=3)
        new = self.receipts(self.lines(500, 50))
        self.wait_for_records([third], 50)
        self.assertEqual(new, self.handled(self.finish(third)))

    def assert_order(self, rows):
        seen, last = set(), {}
        for row in sorted(rows, key=lambda row: row["handled_ms"]):
            position = row["shard"], row["sequence_number"]
            key, number = base64.b64decode(row["data_base64"]).split(b"\t")
            if position not in seen:
                self.assertLess(last.get(key, -1), int(number), f"key {key} out of order")
                last[key] = int(number)
            seen.add(position)


class Dynalite(NpmTest):
    def test_the_lease_table(self):
        """Rows as Amazon's KCL has them."""
        self.create(2)
        stored = self.receipts(self.lines(0, 40))
        worker = self.worker("w1")
        self.wait_for_records([worker], 40)
        self.wait_for_owners(w1=2)
        rows = self.finish(worker)
        self.assertEqual(stored, self.handled(rows))
        last = {row["shard"]: row["sequence_number"] for row in rows}
        leases = self.leases()
        self.assertEqual({"shardId-000000000000", "shardId-000000000001"}, set(leases))
        for shard, item in leases.items():
            self.assertNotIn("leaseOwner", item)
            self.assertEqual({"S": last.get(shard, "TRIM_HORIZON")}, item["checkpoint"])
            self.assertEqual({"N": "0"}, item["checkpointSubSequenceNumber"])
            self.assertIn("N", item["leaseCounter"])
            self.assertIn("N", item["ownerSwitchesSinceCheckpoint"])
            self.assertIn("S", item["startingHashKey"])
            self.assertIn("S", item["endingHashKey"])

    def test_default_table_is_named_after_the_application(self):
        self.create(1)
        self.receipts(self.lines(0, 5))
        worker = self.start("consume", self.stream, "--application", self.stream, "--records", "-", "--json-wire")
        self.wait_for_records([worker], 5)
        self.assertEqual(5, len(self.finish(worker)))
        self.assertEqual(1, len(self.leases()))

    def test_a_table_of_something_else(self):
        self.create(1)
        body = json.dumps({"TableName": self.stream, "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}],
                           "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}).encode()
        request = urllib.request.Request(self.dynamodb.url, body, {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.CreateTable", "X-Amz-Date": "20261122T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=ab"})
        urllib.request.urlopen(request, timeout=10).close()
        ended = self.start("consume", self.stream, "--application", "interop", "--leases", f"dynamodb:{self.stream}", "--json-wire").wait(90)
        self.assert_one_error(ended, self.stream)


if __name__ == "__main__":
    why_not = install()
    if why_not:
        print(f"SKIPPED: the tests against kinesis-local and dynalite: {why_not}", flush=True)
        sys.exit(SKIPPED)
    unittest.main()
