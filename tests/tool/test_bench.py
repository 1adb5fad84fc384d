#!/usr/bin/env python3
"""kinesis bench: produce sends what it says, and says what it measured; consume reads what it is told to."""

import unittest

from support import FAILED, ToolTest


class BenchProduce(ToolTest):
    def bench(self, *options, **more):
        return self.run_tool("bench", "produce", self.stream, "--records", "3000", *options, **more)

    def test_json(self):
        self.create(2)
        measured = self.bench("--size", "100", "--json").json()
        self.assertEqual(["records", "seconds", "cpu_ns_per_record", "rss_mb", "failed", "p50_ms", "p99_ms"], list(measured))
        self.assertEqual((3000, 0), (measured["records"], measured["failed"]))
        for figure in ("seconds", "cpu_ns_per_record", "rss_mb", "p50_ms"):
            self.assertGreater(measured[figure], 0)
        self.assertEqual(3000, len(self.tail_all()))

    def test_aggregates_unless_told_not_to(self):
        self.create(1)
        self.bench("--size", "50", "--no-aggregate", "--no-rate-limit", "--in-flight", "2")
        self.assertEqual(3000, len(self.emulator.accepted(self.stream, 3000)))
        self.stream += "-aggregated"
        self.create(1)
        self.bench("--size", "50")
        self.assertEqual(3000, len(self.tail_all()))
        self.assertLess(len(self.emulator.accepted(self.stream)), 1500)

    def test_text(self):
        self.create(1)
        ended = self.bench("--keys", "10")
        self.assertRegex(ended.text, r"^3,000 records of 100 B in [\d.]+ s: [\d,]+ records/s")
        self.assertIn("0 failed", ended.text)

    def test_a_stream_that_is_not_there(self):
        self.fails("bench", "produce", "nowhere", says="not_found")


class BenchConsume(ToolTest):
    FIGURES = ["records", "seconds", "cpu_ns_per_record", "rss_mb", "threads", "first_record_ms", "stop_ms"]

    def bench(self, *options, **more):
        return self.run_tool("bench", "consume", self.stream, *options, **more)

    def test_json(self):
        self.create(2)
        self.put([b"%d" % number for number in range(3000)], "--aggregate")
        measured = self.bench("--records", "2500", "--json").json()
        self.assertEqual(self.FIGURES, list(measured))
        self.assertEqual(2500, measured["records"])
        for figure in self.FIGURES:
            self.assertGreater(measured[figure], 0)
        self.assertLessEqual(measured["first_record_ms"], 1000 * measured["seconds"])

    def test_text(self):
        self.create(1)
        self.put([b"%d" % number for number in range(300)])
        text = self.bench("--records", "300").text
        self.assertRegex(text, r"^300 records \([\d.]+ B\) in [\d.]+ s: [\d,]+ records/s\n")
        self.assertIn("threads", text)

    def test_waits_for_what_is_still_to_come(self):
        self.create(1)
        running = self.start("bench", "consume", self.stream, "--records", "20", "--json")
        self.put([b"%d" % number for number in range(10)])
        self.assertTrue(running.alive)
        self.put([b"%d" % number for number in range(10)])
        ended = running.wait()
        self.check_end(ended)
        self.assertEqual(20, ended.json()["records"])

    def test_too_few_records(self):
        self.create(1)
        self.put([b"1", b"2"])
        ended = self.bench("--records", "3", "--until-caught-up", "--json", code=FAILED)
        self.assert_one_error(ended, "2 of 3 records")
        self.assertEqual(2, ended.json()["records"])

    def test_goes_on_after_its_leases(self):
        self.create(1)
        self.put([b"%d" % number for number in range(30)])
        leases = f"sqlite:{self.folder}/leases.db"
        for _ in range(3):
            self.bench("--records", "10", "--leases", leases)
        ended = self.bench("--records", "1", "--leases", leases, "--until-caught-up", "--json", code=FAILED)
        self.assertEqual((0, None), (ended.json()["records"], ended.json()["first_record_ms"]))

    def test_a_stream_that_is_not_there(self):
        self.fails("bench", "consume", "nowhere", says="not_found")


class PutAggregated(ToolTest):
    def test_receipts_say_where_in_the_aggregate(self):
        self.create(1)
        path = self.folder / "receipts"
        lines = [b"line %d" % number for number in range(2000)]
        self.put(lines, "--aggregate", "--receipts", path)
        accepted = self.emulator.accepted(self.stream)
        self.assertLess(len(accepted), len(lines) / 2)
        self.assertRegex(path.read_text(), r'"sub_sequence_number":[1-9]')
        self.assertEqual(sorted(lines), sorted(self.run_tool("tail", self.stream, "--from", "trim-horizon", "--until-caught-up").lines))

    def test_in_order(self):
        self.create(1)
        lines = [b"%d" % number for number in range(500)]
        self.put(lines, "--ordered", "--aggregate", "--key", "k", "--linger", "1", "--max-in-flight", "4", "--ttl", "60")
        self.assertEqual(lines, self.run_tool("tail", self.stream, "--from", "trim-horizon", "--until-caught-up").lines)


if __name__ == "__main__":
    unittest.main()
