#!/usr/bin/env python3
"""kinesis demo: what it shows, on a terminal and elsewhere, and what it proves."""

import json
import os
import pty
import re
import subprocess
import unittest

from support import PATIENCE, TOOL, ToolTest, read_terminal

RECORDS = 600


class Demo(ToolTest):
    emulator_options = None

    def lines(self):
        rows = ({"origin": f"A{number % 40:02}", "flight": number} for number in range(RECORDS))
        return self.write("lines.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in rows))

    def assert_proof(self, text):
        """The report at the end: all records, in fewer Kinesis records. Some come again where a shard goes from one worker to another."""
        rows = dict(re.findall(r"^  (\S[\w -]*?)  +(\S.*?)\r?$", text, re.M))
        self.assertEqual((str(RECORDS), "0", "0"), tuple(rows[name] for name in ("records sent", "lost", "out of order")))
        aggregated = re.fullmatch(r"(\d+), aggregated: (\d+\.\d) records in each", rows["Kinesis records"])
        self.assertTrue(aggregated, rows)
        self.assertLess(int(aggregated[1]), RECORDS)
        self.assertAlmostEqual(RECORDS / int(aggregated[1]), float(aggregated[2]), delta=0.051)
        self.assertIn("Nothing was lost, and every key was handled in order.", text)

    def test_lines_where_there_is_no_terminal(self):
        ended = self.run_tool("demo", self.lines(), "--rate", "600", patience=4 * PATIENCE)
        first, *others = ended.text.splitlines()
        self.assertRegex(first, r"^kinesis demo: https://\S+, TLS, HTTP/2, service limits on, records aggregated$")
        counts = [re.match(r"^ +[\d.]+ s  put (\d+) \(\d+/s\) in (\d+) Kinesis records  handled (\d+) of 600 ", line) for line in others]
        last = [match for match in counts if match][-1]
        self.assertEqual((str(RECORDS), str(RECORDS)), (last[1], last[3]))
        self.assertLess(int(last[2]), RECORDS)
        self.assert_proof(ended.text)

    def test_a_picture_on_a_terminal(self):
        path = self.lines()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = subprocess.Popen([TOOL, "demo", path, "--rate", "600"], env={**self.env(), "TERM": "xterm"}, stdin=slave, stdout=slave,
                                   stderr=subprocess.PIPE, cwd=self.folder)
        os.close(slave)
        shown = read_terminal(master)
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual((0, b""), (process.wait(PATIENCE), errors))
        text = shown.decode()
        self.assertRegex(text, r"sent     aggregated: 600 records in \d+ Kinesis records, \d+\.\d in each")
        self.assert_proof(text.replace("\r\n", "\n"))

    def test_chaos(self):
        """A worker is killed on the way; what it had not checkpointed comes again, and the audit counts it."""
        ended = self.run_tool("demo", self.lines(), "--rate", "300", "--chaos", patience=4 * PATIENCE)
        rows = dict(re.findall(r"^  (\S[\w -]*?)  +(\S.*?)\r?$", ended.text, re.M))
        self.assertEqual((str(RECORDS), "0", "0"), tuple(rows[name] for name in ("records sent", "lost", "out of order")))
        self.assertRegex(ended.text, r"killed worker-1 \(SIGKILL\)")
        self.assertRegex(ended.text, "started worker-1-again in its place")
        self.assertRegex(rows["worker-1"], "records, then killed$")
        self.assertIn("Nothing was lost though a worker was killed", ended.text)
        # What came out is what was sent and the duplicates.
        came = sum(int(rows[worker].split()[0].replace(",", "")) for worker in ("worker-1", "worker-2", "worker-1-again"))
        self.assertEqual(RECORDS + int(rows["duplicates"].replace(",", "")), came)


if __name__ == "__main__":
    unittest.main()
