#!/usr/bin/env python3
"""put and tail: every byte of every line arrives, with a receipt that tells the truth."""

import base64
import collections
import datetime
import json
import os
import pty
import random
import re
import signal
import subprocess
import unittest

from support import FAILED, LOG_KEYS, MIB, RECEIPT_KEYS, RECORD_KEYS, TOOL, ToolTest, read_terminal, sha256, wait_until

SHARDS = 3
FULL_KEY = "key"


def data_of(rows):
    return [base64.b64decode(row["data_base64"], validate=True) for row in rows]


class PutTailTest(ToolTest):
    def assert_stored(self, lines):
        """The stream holds these lines, each once. Of calls under way at the same time, any may be stored first."""
        accepted = self.emulator.accepted(self.stream, len(lines))
        self.assertEqual(collections.Counter(map(sha256, lines)), collections.Counter(record["data_sha256"] for record in accepted))
        if lines:
            self.assertEqual(collections.Counter(map(sha256, lines)), collections.Counter(map(sha256, data_of(self.tail_all()))))


class Put(PutTailTest):
    def receipts(self, path):
        return [json.loads(line) for line in path.read_bytes().splitlines()]

    def keys(self, count):
        return [record["partition_key"] for record in self.emulator.accepted(self.stream, count)]

    def test_from_standard_input(self):
        self.create(SHARDS)
        lines = [b"line %d" % number for number in range(1, 201)]
        ended = self.put(lines)
        self.assertRegex(ended.text, r"^200 records \([\d.]+ KB\) in [\d.]+ s, [\d,]+/s; latency p50 [\d.]+ ms, p99 [\d.]+ ms\n")
        _, counts, latency, *bars = ended.text.splitlines()
        self.assertRegex(counts, r"^[1-9]\d* calls, 200 Kinesis records, 3 shards, 0 throttled, 0 sent again, 0 failed$")
        self.assertRegex(latency, r"^latency p50 [\d.]+ ms, p90 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms$")
        for bar in bars:
            self.assertRegex(bar, r"^  < +[\d.e+]+ ms +[\d,]+(  #*)?$")
        self.assertEqual(200, sum(int(bar.split()[3].replace(",", "")) for bar in bars))
        self.assert_stored(lines)
        self.put(lines[:3], "-")
        self.assertEqual(203, len(self.emulator.accepted(self.stream, 203)))

    def test_from_a_file_with_json_output(self):
        self.create(1)
        path = self.write("input.txt", b"one\ntwo\nthree\n")
        summary = self.run_tool("put", self.stream, path, "--output", "json").json()
        self.assertEqual(["records", "failed", "bytes", "seconds", "records_per_second", "p50_ms", "p99_ms", "p90_ms", "max_ms", "calls",
                          "kinesis_records", "throttled", "sent_again", "latency_histogram", "shards", "producer"], list(summary))
        self.assertEqual((1, 3, 0, 0), tuple(summary[key] for key in ("calls", "kinesis_records", "throttled", "sent_again")))
        self.assertEqual(3, summary["producer"]["records_delivered"])
        self.assertEqual(3, summary["producer"]["latency_us"]["count"])
        self.assertEqual({"shardId-000000000000"}, set(summary["producer"]["shards"]))
        self.assertEqual(1, summary["shards"])
        steps = summary["latency_histogram"]
        self.assertEqual(3, sum(step["records"] for step in steps))
        self.assertEqual(sorted(step["below_ms"] for step in steps), [step["below_ms"] for step in steps])
        self.assertGreaterEqual(steps[-1]["below_ms"], summary["max_ms"])
        self.assertEqual(list(summary), list(self.run_tool("put", self.stream, path, "--json").json()))
        self.assertEqual((3, 0, 11), (summary["records"], summary["failed"], summary["bytes"]))
        self.assertEqual(6, len(self.emulator.accepted(self.stream, 6)))

    def test_json_on_the_wire(self):
        self.create(1)
        lines = [bytes([byte]) * 3 for byte in range(256) if byte != 10]
        self.put(lines, "--json-wire")
        self.assert_stored(lines)

    def test_tail_keeps_the_order_of_a_shard(self):
        self.create(SHARDS)
        lines = [b"%05d" % number for number in range(1_500)]
        self.put(lines, "--key", FULL_KEY)
        accepted = [record["sequence_number"] for record in self.emulator.accepted(self.stream, len(lines))]
        self.assertEqual(accepted, [row["sequence_number"] for row in self.tail_all()])
        self.assertEqual(accepted, sorted(accepted))

    def test_random_keys_spread(self):
        self.create(SHARDS)
        self.put([b"x"] * 300)
        self.assertEqual(SHARDS, len({record["shard"] for record in self.emulator.accepted(self.stream, 300)}))
        self.assertEqual(300, len(set(self.keys(300))))

    def test_fixed_key(self):
        self.create(SHARDS)
        self.put([b"a", b"b"], "--key", "schlüssel")
        self.assertEqual(["schlüssel"] * 2, self.keys(2))

    def test_key_of_a_field(self):
        self.create(1)
        self.put([b'{"origin":"JFK","n":1}', b'{"n":2,"origin":"caf\\u00e9"}', b'{"origin":17}', b'{"origin":true}'], "--key-field", "origin")
        self.assertEqual(["JFK", "café", "17", "true"], self.keys(4))

    def test_key_of_a_column(self):
        self.create(1)
        self.put([b"a\tb\tc", b"d\te", b"\tx\t"], "--key-column", "2")
        self.assertEqual(["b", "e", "x"], self.keys(3))
        self.put([b"only", b"two\tcolumns"], "--key-column", "1")
        self.assertEqual(["only", "two"], self.keys(5)[3:])

    def test_receipts_tell_where_each_record_is(self):
        self.create(SHARDS)
        lines = [b"receipt %d" % number for number in range(1, 401)]
        path = self.folder / "receipts.jsonl"
        self.put(lines, "--receipts", path)
        receipts = self.receipts(path)
        for receipt in receipts:
            self.assertEqual(RECEIPT_KEYS, list(receipt))
            self.assertEqual([int, str, str, type(None), int], [type(value) for value in receipt.values()])
        self.assertEqual(list(range(1, 401)), sorted(receipt["line"] for receipt in receipts))
        self.assertEqual({1}, {receipt["attempts"] for receipt in receipts})
        accepted = {(record["shard"], record["sequence_number"]): record for record in self.emulator.accepted(self.stream, 400)}
        self.assertEqual(400, len(accepted))
        for receipt in receipts:
            record = accepted[receipt["shard"], receipt["sequence_number"]]
            self.assertEqual(sha256(lines[receipt["line"] - 1]), record["data_sha256"])

    def test_the_record_log(self):
        self.create(1)
        self.put([b"one"], "--key", "k")
        record, = self.emulator.accepted(self.stream, 1)
        self.assertEqual(LOG_KEYS, list(record))
        self.assertEqual((self.stream, "shardId-000000000000", "k", sha256(b"one")),
                         (record["stream"], record["shard"], record["partition_key"], record["data_sha256"]))
        self.assertFalse(record["explicit_hash_key"])
        self.assertRegex(record["sequence_number"], r"^\d{56}$")
        self.assertEqual([record["accepted_ms"]], [row["approximate_arrival_ms"] for row in self.tail_all()])

    def test_binary_lines(self):
        self.create(SHARDS)
        source = random.Random(1)
        lines = [source.randbytes(source.randrange(1, 2_000)).replace(b"\n", b"\0") for _ in range(100)]
        lines += [b"\0", b"\xff\xfe", b"\r", b"carriage return\r", bytes(range(11, 256))]
        self.put(lines, "--key", FULL_KEY)
        self.assert_stored(lines)
        text = self.run_tool("tail", self.stream, "--from", "trim-horizon", "--until-caught-up").out
        stored = [line for line in data_of(self.tail_all())]
        self.assertEqual(b"".join(line + b"\n" for line in stored), text)

    def test_empty_lines(self):
        self.create(1)
        self.put(b"a\n\n\nb\n", "--key", FULL_KEY)
        self.assert_stored([b"a", b"", b"", b"b"])
        self.assertEqual(b"\n\na\nb\n", b"".join(sorted(line + b"\n" for line in self.run_tool("tail", self.stream, "--from", "trim-horizon", "--until-caught-up").lines)))

    def test_empty_file(self):
        self.create(1)
        path = self.write("empty", b"")
        receipts = self.folder / "receipts"
        self.assertRegex(self.run_tool("put", self.stream, path, "--receipts", receipts).text, "^0 records ")
        self.assertEqual(0, self.run_tool("put", self.stream, path, "--output", "json").json()["records"])
        self.assertEqual(b"", receipts.read_bytes())
        self.assertEqual([], self.tail_all())

    def test_last_line_without_newline(self):
        self.create(1)
        self.put(b"first\nlast", "--key", FULL_KEY)
        self.assert_stored([b"first", b"last"])

    def test_a_record_of_exactly_the_limit(self):
        self.create(1)
        line = b"x" * (MIB - len(FULL_KEY))
        self.put([line, b"after"], "--key", FULL_KEY)
        self.assert_stored([line, b"after"])

    def test_a_line_over_the_records_limit(self):
        self.create(1)
        receipts = self.folder / "receipts"
        path = self.write("input", b"before\n" + b"x" * (MIB + 1 - len(FULL_KEY)) + b"\nafter\n")
        ended = self.run_tool("put", self.stream, path, "--key", FULL_KEY, "--receipts", receipts, code=FAILED)
        self.assert_one_error(ended, "line 2", "1,?048,?576|1 MiB|limit|larger|too_large|InvalidArgument|Validation")
        self.assertIn(1, [receipt["line"] for receipt in self.receipts(receipts)])
        self.assertNotIn(2, [receipt["line"] for receipt in self.receipts(receipts)])
        self.assertIn(b"before", data_of(self.tail_all()))

    def test_a_line_over_any_limit(self):
        self.create(1)
        path = self.write("input", b"before\n" + b"x" * (10 * MIB + 1) + b"\nafter\n")
        ended = self.run_tool("put", self.stream, path, code=FAILED)
        self.assert_one_error(ended, "line 2", str(10 * MIB))
        self.assertRegex(ended.text, "^1 records ")
        self.assert_stored([b"before"])

    def test_rate(self):
        self.create(1)
        summary = self.put([b"x"] * 21, "--rate", "40", "--output", "json").json()
        self.assertGreaterEqual(summary["seconds"], 0.5)  # 20 pauses of 25 ms
        arrivals = [row["approximate_arrival_ms"] for row in self.tail_all()]
        self.assertGreaterEqual(max(arrivals) - min(arrivals), 300)

    def test_input_that_comes_slowly_is_sent_at_once(self):
        self.create(1)
        running = self.start("put", self.stream, stdin=subprocess.PIPE)
        for number in range(1, 4):
            running.process.stdin.write(b"line %d\n" % number)
            running.process.stdin.flush()
            self.emulator.accepted(self.stream, number)  # before the next line is there
        running.process.stdin.close()
        self.check_end(running.wait())
        self.assertTrue(running.out[0].startswith(b"3 records "))

    def test_progress_on_a_terminal_only(self):
        self.create(1)
        path = self.write("input", b"line\n" * 40)
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        try:
            ended = subprocess.run([TOOL, "put", self.stream, path, "--rate", "50"], env={**self.env(), "TERM": "xterm"}, stdin=slave,
                                   stdout=subprocess.PIPE, stderr=slave, timeout=60)
        finally:
            os.close(slave)
        shown = read_terminal(master)
        self.assertEqual(0, ended.returncode, shown)
        self.assertRegex(shown.decode(), r"\d+ records, \d+/s, [\d.]+ K?B/s, 1 shard, 0 throttled, 0 sent again, \d+ %, \d+ s left")
        self.assertNotIn(b"\x1b", ended.stdout)


class PutThroughFaults(ToolTest):
    emulator_options = None

    def put_through(self, *faults, lines=200, shards=2):
        options = [word for fault in faults for word in ("--fault", fault)]
        self.emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:{shards}", *options)
        path = self.folder / "receipts"
        wanted = [b"line %d" % number for number in range(1, lines + 1)]
        self.put(wanted, "--receipts", path)
        receipts = [json.loads(line) for line in path.read_bytes().splitlines()]
        self.assertEqual(list(range(1, lines + 1)), sorted(receipt["line"] for receipt in receipts))
        acknowledged = {(receipt["shard"], receipt["sequence_number"]) for receipt in receipts}

        def whole_log():  # records that were stored twice fill the log before it is complete
            found = {(record["shard"], record["sequence_number"]): record["data_sha256"] for record in self.emulator.accepted(self.stream)}
            return found if acknowledged <= found.keys() else None
        accepted = wait_until(whole_log, "every acknowledged record in the log")
        for receipt in receipts:
            self.assertEqual(sha256(wanted[receipt["line"] - 1]), accepted[receipt["shard"], receipt["sequence_number"]])
        return receipts, accepted

    def test_throttled_entries_are_sent_again(self):
        receipts, accepted = self.put_through("operation=PutRecords,action=throttle-entry,probability=0.3,seed=7")
        self.assertGreater(max(receipt["attempts"] for receipt in receipts), 1)
        self.assertEqual(200, len(accepted))

    def test_throttled_calls_are_made_again(self):
        self.put_through("operation=PutRecords,action=throttle,nth=1")

    def test_faults_of_the_service(self):
        self.put_through("operation=PutRecords,action=error,status=500,times=2", "operation=PutRecords,action=error,status=503,code=ServiceUnavailable,nth=3")

    def test_a_connection_that_breaks_before_the_write(self):
        _, accepted = self.put_through("operation=PutRecords,action=reset-before,times=2")
        self.assertEqual(200, len(accepted))

    def test_a_connection_that_breaks_after_the_write(self):
        _, accepted = self.put_through("operation=PutRecords,action=reset-after,nth=1")
        self.assertGreater(len(accepted), 200)  # stored twice, as the introduction says

    def test_answers_that_are_cut_or_corrupt(self):
        self.put_through("operation=PutRecords,action=truncate,nth=1", "operation=PutRecords,action=corrupt,nth=2")

    def test_a_server_that_says_goodbye(self):
        _, accepted = self.put_through("operation=PutRecords,action=goaway,times=3", lines=600)
        self.assertEqual(600, len(accepted))


class PutAgainstLimits(ToolTest):
    emulator_options = ("--streams", "limited:1")

    def test_a_shard_takes_its_rate(self):
        lines = [b"%d" % number for number in range(1_300)]
        self.put(lines, "--key", FULL_KEY, stream="limited")
        self.assertEqual(sorted(map(sha256, lines)), sorted(record["data_sha256"] for record in self.emulator.accepted("limited", 1_300)))


class Tail(PutTailTest):
    def start_tail(self, *options):
        """A tail of what comes from now on: returned once it reads every shard."""
        running = self.start("tail", self.stream, "-vv", *options)
        for shard in self.describe()["shards"]:
            if shard["open"]:
                running.wait_for_stderr(rf"{shard['shard']}: \d+ records".encode())
        return running

    def end(self, running, signal_number=signal.SIGINT):
        ended = running.stop(signal_number)
        self.assertEqual(0, ended.code, str(ended))
        return ended

    def test_trim_horizon_until_caught_up(self):
        self.create(SHARDS)
        lines = [b"%d" % number for number in range(100)]
        self.put(lines)
        ended = self.run_tool("tail", self.stream, "--from", "trim-horizon", "--until-caught-up")
        self.assertEqual(sorted(lines), sorted(ended.lines))

    def test_until_caught_up_on_an_empty_stream(self):
        self.create(SHARDS)
        self.assertEqual(b"", self.run_tool("tail", self.stream, "--until-caught-up").out)

    def test_json_lines(self):
        self.create(SHARDS)
        lines = [b"one", b"two"]
        self.put(lines, "--key", FULL_KEY)
        accepted = self.emulator.accepted(self.stream, 2)
        for row, record in zip(self.tail_all(), accepted, strict=True):
            self.assertEqual(RECORD_KEYS, list(row))
            self.assertEqual([record[key] for key in ("shard", "sequence_number", "partition_key", "accepted_ms")],
                             [row[key] for key in ("shard", "sequence_number", "partition_key", "approximate_arrival_ms")])
            data = base64.b64decode(row["data_base64"], validate=True)
            self.assertEqual((record["data_sha256"], True), (sha256(data), data in lines))
            self.assertIsNone(row["sub_sequence_number"])
            self.assertGreaterEqual(row["handled_ms"], row["approximate_arrival_ms"])
            self.assertIsInstance(row["worker"], str)

    def test_count(self):
        self.create(SHARDS)
        self.put([b"x"] * 50)
        for count in (1, 7, 50):
            self.assertEqual(count, len(self.run_tool("tail", self.stream, "--from", "trim-horizon", "--count", count).lines))

    def test_latest_sees_only_what_comes_later(self):
        self.create(SHARDS)
        self.put([b"early"] * 20)
        running = self.start_tail("--count", "30")
        self.put([b"late"] * 30)
        ended = running.wait()
        self.assertEqual(0, ended.code, str(ended))
        self.assertEqual([b"late"] * 30, ended.lines)

    def test_from_a_time(self):
        self.create(1)
        self.put([b"early"] * 5, "--key", FULL_KEY)
        last = max(record["accepted_ms"] for record in self.emulator.accepted(self.stream, 5))
        wait_until(lambda: datetime.datetime.now().timestamp() * 1000 > last + 20, "time to pass")
        self.put([b"late"] * 5, "--key", FULL_KEY)
        moment = datetime.datetime.fromtimestamp((last + 10) / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        rows = self.run_tool("tail", self.stream, "--from", moment, "--until-caught-up").lines
        self.assertEqual([b"late"] * 5, rows)

    def test_from_a_sequence_number(self):
        self.create(1)
        self.put([b"%d" % number for number in range(8)], "--key", FULL_KEY)
        third = self.tail_all()[3]
        position = f"{third['shard']}={third['sequence_number']}"
        rows = self.run_tool("tail", self.stream, "--from", position, "--until-caught-up").lines
        self.assertEqual([b"%d" % number for number in range(3, 8)], rows)

    def test_stops_on_signals(self):
        self.create(SHARDS)
        for number in (signal.SIGINT, signal.SIGTERM):
            running = self.start_tail()
            self.put([b"seen"])
            running.wait_for_lines(1)
            self.assertEqual([b"seen"], self.end(running, number).lines)

    def test_follows_a_split_and_a_merge(self):
        self.create(1)
        running = self.start_tail("--output", "json")
        self.put([b"before %d" % number for number in range(20)])
        running.wait_for_lines(20)
        self.run_tool("streams", "split", self.stream, "shardId-000000000000", "--wait")
        self.put([b"split %d" % number for number in range(60)])
        running.wait_for_lines(80)
        self.run_tool("streams", "merge", self.stream, "shardId-000000000001", "shardId-000000000002", "--wait")
        self.put([b"merged %d" % number for number in range(20)])
        running.wait_for_lines(100)
        rows = self.end(running).json_lines()
        self.assertEqual(100, len(rows))
        shards = [[row["shard"][-1] for row in part] for part in (rows[:20], rows[20:80], rows[80:])]
        self.assertEqual([{"0"}, {"1", "2"}, {"3"}], [set(part) for part in shards])
        accepted = self.emulator.accepted(self.stream, 100)
        self.assertEqual({(record["shard"], record["sequence_number"]) for record in accepted}, {(row["shard"], row["sequence_number"]) for row in rows})

    def test_until_caught_up_after_resharding(self):
        self.create(1)
        self.put([b"a"] * 10)
        self.run_tool("streams", "split", self.stream, "shardId-000000000000", "--wait")
        self.put([b"b"] * 10)
        self.assertEqual(collections.Counter({b"a": 10, b"b": 10}), collections.Counter(data_of(self.tail_all())))

    def test_large_records_and_many(self):
        self.create(1)
        lines = [bytes([65 + number]) * 900_000 for number in range(14)]  # over the 10 MB of one answer
        self.put(lines, "--key", FULL_KEY)
        self.assert_stored(lines)

    def test_verbose_goes_to_stderr(self):
        self.create(1)
        self.put([b"x"])
        ended = self.run_tool_verbose("tail", self.stream, "--from", "trim-horizon", "--count", "1", "-vv")
        self.assertEqual(b"x\n", ended.out)
        self.assertTrue(ended.err)
        self.assertNotIn(b"secret-of-the-test", ended.err)
        self.assertIsNone(re.search(rb"\x1b", ended.err), "colours without a terminal")

    def run_tool_verbose(self, *words):
        return self.start(*words).wait()

    def test_faults_on_the_way(self):
        emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:2", "--fault", "operation=GetRecords,action=error,status=500,nth=2",
                                         "--fault", "operation=GetRecords,action=expired-iterator,nth=5", "--fault", "operation=GetRecords,action=reset-after,nth=7",
                                         "--fault", "operation=GetShardIterator,action=throttle,nth=1", "--fault", "operation=GetRecords,action=corrupt,nth=9",
                                         "--fault", "operation=GetRecords,action=truncate,nth=11")
        self.emulator = emulator
        running = self.start("tail", self.stream, "--from", "trim-horizon", "--output", "json")
        for number in range(6):
            self.put([b"%d %d" % (number, one) for one in range(20)])
            running.wait_for_lines(20 * (number + 1))
        rows = self.end(running).json_lines()
        wanted = collections.Counter((record["shard"], record["sequence_number"]) for record in emulator.accepted(self.stream, len(rows)))
        self.assertEqual(wanted, collections.Counter((row["shard"], row["sequence_number"]) for row in rows))


if __name__ == "__main__":
    unittest.main()
