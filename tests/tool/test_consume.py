#!/usr/bin/env python3
"""consume: workers share the shards, hand over, take over; every record is handled, per key in order, across restarts and resharding."""

import base64
import collections
import contextlib
import json
import signal
import sqlite3
import unittest

from support import RECORD_KEYS, ToolTest, sha256, wait_until

APPLICATION = "billing"


class ConsumeTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.lease_file = self.folder / "leases.db"

    def worker(self, name, *options, records="-", **more):
        return self.start("consume", self.stream, "--application", APPLICATION, "--leases", f"sqlite:{self.lease_file}", "--worker", name,
                          "--records", records, "--poll-interval", "100", *options, **more)

    def leases(self):
        """Row by shard: owner, checkpoint."""
        if not self.lease_file.exists():
            return {}
        with contextlib.closing(sqlite3.connect(f"file:{self.lease_file}?mode=ro", uri=True, timeout=10)) as database:
            try:
                rows = database.execute("SELECT leaseKey, leaseOwner, checkpoint FROM leases WHERE application = ?", (APPLICATION,)).fetchall()
            except sqlite3.OperationalError:  # not made yet
                return {}
        return {key: (owner, checkpoint) for key, owner, checkpoint in rows}

    def owners(self):
        return collections.Counter(owner for owner, checkpoint in self.leases().values() if checkpoint != "SHARD_END")

    def wait_for_owners(self, **wanted):
        wait_until(lambda: self.owners() == collections.Counter(wanted), f"owners {wanted}, which are {dict(self.owners())}")

    def put_keyed(self, first, count, keys=10):
        """Lines "KEY NUMBER" with a tab between, numbers rising per key."""
        self.put([b"k%d\t%d" % (number % keys, number) for number in range(first, first + count)], "--key-column", "1")

    def wait_for_records(self, workers, count):
        """Until so many different records were handled by these workers together."""
        wait_until(lambda: len({position(row) for worker in workers for row in worker.json_lines()}) >= count,
                   f"{count} records in the hands of {len(workers)} workers")

    def finish(self, worker, signal_number=signal.SIGTERM):
        ended = worker.stop(signal_number)
        self.check_end(ended)
        return ended.json_lines()

    def assert_nothing_lost(self, rows, count):
        """What was handled is exactly what the emulator accepted, byte for byte."""
        accepted = {(record["shard"], record["sequence_number"]): record["data_sha256"] for record in self.emulator.accepted(self.stream, count)}
        self.assertEqual(count, len(accepted))
        handled = {position(row): sha256(base64.b64decode(row["data_base64"])) for row in rows}
        self.assertEqual(accepted, handled)

    def assert_no_duplicates(self, rows):
        self.assertEqual(len(rows), len({position(row) for row in rows}))

    def assert_order_of_keys(self, rows):
        """`rows` in the order of handling. Replays after a take-over aside, a key's records come in the order in which they were accepted."""
        accepted = self.emulator.accepted(self.stream, len({position(row) for row in rows}))
        place = {position(record): number for number, record in enumerate(accepted)}
        seen, last = set(), {}
        for row in rows:
            if position(row) not in seen:
                seen.add(position(row))
                self.assertLess(last.get(row["partition_key"], -1), place[position(row)], f"key {row['partition_key']} out of order")
                last[row["partition_key"]] = place[position(row)]


def position(row):
    return row["shard"], row["sequence_number"]


class OneWorker(ConsumeTest):
    def test_records_file(self):
        self.create(2)
        self.put_keyed(0, 40)
        path = self.folder / "records.jsonl"
        worker = self.worker("w1", records=path)
        wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") == 40, "40 lines in the file")
        ended = worker.stop()
        self.check_end(ended)
        self.assertEqual(b"", ended.out)
        rows = [json.loads(line) for line in path.read_bytes().splitlines()]
        for row in rows:
            self.assertEqual(RECORD_KEYS, list(row))
            self.assertEqual([str, str, type(None), str, str, int, int, str], [type(value) for value in row.values()])
            self.assertEqual("w1", row["worker"])
            self.assertGreaterEqual(row["handled_ms"], row["approximate_arrival_ms"])
            self.assertEqual(row["partition_key"], base64.b64decode(row["data_base64"]).decode().split("\t")[0])
        self.assert_nothing_lost(rows, 40)
        self.assert_no_duplicates(rows)

    def test_data_lines_without_records_file(self):
        self.create(1)
        self.put([b"one", b"", b"\xff\0"], "--key", "k")
        worker = self.start("consume", self.stream, "--application", APPLICATION, "--leases", "memory", "--poll-interval", "100")
        worker.wait_for_lines(3)
        ended = worker.stop(signal.SIGINT)
        self.check_end(ended)
        self.assertEqual(b"one\n\n\xff\0\n", ended.out)

    def test_lease_rows(self):
        self.create(2)
        self.put_keyed(0, 10)
        worker = self.worker("w1")
        self.wait_for_records([worker], 10)
        self.wait_for_owners(w1=2)
        rows = self.finish(worker)
        last = {}
        for row in rows:
            last[row["shard"]] = row["sequence_number"]
        self.assertEqual({shard: (None, number) for shard, number in last.items()}, {key: row for key, row in self.leases().items() if key in last})

    def test_restart_continues_after_the_checkpoint(self):
        self.create(3)
        rows = []
        for number in range(3):
            self.put_keyed(number * 50, 50)
            worker = self.worker(f"w{number}")
            self.wait_for_records([worker], 50)
            rows += self.finish(worker, signal.SIGINT if number % 2 else signal.SIGTERM)
        self.assert_no_duplicates(rows)
        self.assert_nothing_lost(rows, 150)
        self.assert_order_of_keys(rows)

    def test_restart_keeps_what_the_records_file_has(self):
        self.create(1)
        path = self.folder / "records.jsonl"
        for number in range(2):
            self.put_keyed(number * 10, 10)
            worker = self.worker("w1", records=path)
            wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= 10 * (number + 1), f"{10 * (number + 1)} lines in the file")
            self.check_end(worker.stop())
        rows = [json.loads(line) for line in path.read_bytes().splitlines()]
        self.assert_no_duplicates(rows)
        self.assert_nothing_lost(rows, 20)

    def test_a_line_that_a_killed_worker_left_unfinished_is_replaced(self):
        self.create(1)
        self.put_keyed(0, 5)
        path = self.write("records.jsonl", b'{"shard":"whole"}\n{"shard":"shardId-0000')
        worker = self.worker("w1", records=path)
        wait_until(lambda: path.read_bytes().count(b"\n") == 6, "5 lines more")
        self.check_end(worker.stop())
        rows = [json.loads(line) for line in path.read_bytes().splitlines()]
        self.assertEqual({"shard": "whole"}, rows[0])
        self.assert_nothing_lost(rows[1:], 5)

    def test_from_latest(self):
        self.create(2)
        self.put_keyed(0, 20)
        worker = self.worker("w1", "--from", "latest", "-vv")
        for shard in self.describe()["shards"]:
            worker.wait_for_stderr(rf"{shard['shard']}: \d+ records".encode())
        self.put_keyed(20, 20)
        self.wait_for_records([worker], 20)
        rows = worker.stop().json_lines()
        self.assertEqual(set(range(20, 40)), {int(base64.b64decode(row["data_base64"]).split(b"\t")[1]) for row in rows})

    def test_two_applications_do_not_share(self):
        self.create(1)
        self.put_keyed(0, 10)
        one = self.worker("w1")
        other = self.start("consume", self.stream, "--application", "audit", "--leases", f"sqlite:{self.lease_file}", "--records", "-")
        self.wait_for_records([one], 10)
        self.wait_for_records([other], 10)
        self.finish(one)
        self.finish(other)

    def test_resharding(self):
        """Per key in order, children after their parents, while the stream is split, merged and resized."""
        self.create(2)
        worker = self.worker("w1")
        total = 0
        for change in (("split", "shardId-000000000000"), ("merge", "shardId-000000000003", "shardId-000000000001"), ("resize", "4")):
            self.put_keyed(total, 60)
            total += 60
            self.wait_for_records([worker], total - 30)  # in the middle of reading
            self.run_tool("streams", change[0], self.stream, *change[1:], "--wait")
        self.put_keyed(total, 60)
        total += 60
        self.wait_for_records([worker], total)
        rows = self.finish(worker)
        self.assert_no_duplicates(rows)
        self.assert_nothing_lost(rows, total)
        self.assert_order_of_keys(rows)
        parents = {row["shard"]: row["parents"] for row in self.describe()["shards"]}
        place = collections.defaultdict(list)
        for number, row in enumerate(rows):
            place[row["shard"]].append(number)
        for shard, lines in place.items():
            for parent in parents[shard]:
                self.assertLess(max(place.get(parent, [-1])), min(lines), f"{shard} before its parent {parent}")
        ended = {shard for shard, (_, checkpoint) in self.leases().items() if checkpoint == "SHARD_END"}
        self.assertLessEqual({"shardId-000000000000", "shardId-000000000001"}, ended)

    def test_faults_on_the_way(self):
        faults = ("operation=GetRecords,action=error,status=500,nth=3", "operation=GetRecords,action=expired-iterator,nth=6",
                  "operation=GetRecords,action=reset-after,nth=9", "operation=GetRecords,action=truncate,nth=12", "operation=GetRecords,action=throttle,nth=15",
                  "operation=GetShardIterator,action=reset-before,nth=2", "operation=ListShards,action=error,status=503,code=ServiceUnavailable,nth=2")
        self.emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:2", *[word for fault in faults for word in ("--fault", fault)])
        worker = self.worker("w1")
        for number in range(8):
            self.put_keyed(number * 20, 20)
            self.wait_for_records([worker], 20 * (number + 1))
        rows = self.finish(worker)
        self.assert_no_duplicates(rows)
        self.assert_nothing_lost(rows, 160)
        self.assert_order_of_keys(rows)

    def test_a_write_that_is_stored_twice_is_handled_twice(self):
        self.emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:1", "--fault", "operation=PutRecords,action=reset-after,nth=1")
        self.put([b"k\t1"], "--key", "k")
        worker = self.worker("w1")
        self.wait_for_records([worker], 2)
        self.assert_nothing_lost(self.finish(worker), 2)


class TwoWorkers(ConsumeTest):
    def start_two(self, shards=4):
        """Both know what they own: the first one has handed half of its leases over."""
        self.create(shards)
        self.put_keyed(0, 40)
        workers = [self.worker("w1", "-vv")]
        self.wait_for_owners(w1=shards)
        workers.append(self.worker("w2"))
        self.wait_for_owners(w1=shards // 2, w2=shards // 2)
        workers[0].wait_for_stderr(b"lease released", shards // 2)
        self.put_keyed(40, 80)
        self.wait_for_records(workers, 120)
        return workers

    def test_share_the_shards(self):
        workers = self.start_two()
        rows = [self.finish(worker) for worker in workers]
        by_worker = [{row["shard"] for row in part if int(base64.b64decode(row["data_base64"]).split(b"\t")[1]) >= 40} for part in rows]
        self.assertEqual([2, 2], [len(shards) for shards in by_worker])
        self.assertFalse(by_worker[0] & by_worker[1])
        self.assert_nothing_lost(rows[0] + rows[1], 120)

    def test_a_worker_that_stops_hands_over(self):
        """Every record exactly once: the last checkpoint comes with the release."""
        one, other = self.start_two()
        before = len(other.out)
        first = self.finish(one)
        self.put_keyed(120, 80)
        self.wait_for_owners(w2=4)
        handled = {position(row) for row in first}
        wait_until(lambda: len(handled | {position(row) for row in other.json_lines()}) >= 200, "the rest")
        rest = self.finish(other)
        self.assertGreaterEqual(len(rest) - before, 80)
        self.assert_nothing_lost(first + rest, 200)
        self.assert_order_of_keys(sorted(first + rest, key=lambda row: row["handled_ms"]))
        # What one handled after the other had taken the shard from it may come twice; nothing after that.
        late = [row for row in first + rest if int(base64.b64decode(row["data_base64"]).split(b"\t")[1]) >= 120]
        self.assertEqual(80, len(late))
        self.assert_no_duplicates(late)

    def test_a_worker_that_is_killed_loses_nothing(self):
        one, other = self.start_two()
        self.put_keyed(120, 60)
        one.kill()
        killed = one.wait()
        self.put_keyed(180, 60)
        self.wait_for_owners(w2=4)  # after the failover time of 10 s
        self.wait_for_records([one, other], 240)
        rows = killed.json_lines() + self.finish(other)
        self.assert_nothing_lost(rows, 240)

    def test_two_killed_one_after_the_other(self):
        """A fresh worker starts from the checkpoints; what was handled after them comes again, nothing is missing."""
        workers = self.start_two(2)
        rows = []
        for worker in workers:
            worker.kill()
            rows += worker.wait().json_lines()
        self.put_keyed(120, 30)
        third = self.worker("w3")
        self.wait_for_owners(w3=2)
        handled = {position(row) for row in rows}
        wait_until(lambda: len(handled | {position(row) for row in third.json_lines()}) >= 150, "the rest")
        self.assert_nothing_lost(rows + self.finish(third), 150)

    def test_resharding(self):
        workers = self.start_two()
        self.run_tool("streams", "split", self.stream, "shardId-000000000001", "--wait")
        self.put_keyed(120, 60)
        self.run_tool("streams", "merge", self.stream, "shardId-000000000002", "shardId-000000000003", "--wait")
        self.put_keyed(180, 60)
        self.wait_for_records(workers, 240)
        rows = [row for worker in workers for row in self.finish(worker)]
        self.assert_nothing_lost(rows, 240)
        rows.sort(key=lambda row: row["handled_ms"])  # stable: one worker's lines stay in order
        self.assert_order_of_keys(rows)


if __name__ == "__main__":
    unittest.main()
