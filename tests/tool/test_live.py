#!/usr/bin/env python3
"""The live picture of kinesis consume: on a terminal, and only there."""

import os
import pty
import re
import subprocess
import threading
import unittest

from support import CRASH, DONE, TOOL, ToolTest, read_terminal, wait_until

FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"


class Live(ToolTest):
    def consume(self, *options, stdout=subprocess.DEVNULL, **environment):
        """With a terminal as stderr; what it shows comes in `shown`."""
        master, slave = pty.openpty()
        process = subprocess.Popen([TOOL, "consume", self.stream, "--application", "billing", "--leases", f"sqlite:{self.folder}/leases.db", "--worker", "w1",
                                    "--poll-interval", "100", *options], env=self.env(**{"TERM": "xterm", **environment}), cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=slave if stdout == "terminal" else stdout, stderr=slave)
        os.close(slave)
        self.addCleanup(os.close, master)
        self.shown = b""
        reader = threading.Thread(target=read_terminal, args=(master, self.show), daemon=True)
        reader.start()
        self.addCleanup(reader.join, 10)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def show(self, more):
        self.shown += more

    def wait_for(self, pattern):
        wait_until(lambda: re.search(pattern, self.shown), f"{pattern} in {self.shown[-1000:]!r}")

    def finish(self, process):
        process.terminate()
        self.assertEqual(DONE, process.wait(60))
        self.assertIsNone(CRASH.search(self.shown), self.shown[-2000:])

    def test_shards_owners_and_counts(self):
        self.create(2)
        self.put([b"%d" % number for number in range(50)])
        process = self.consume()
        self.wait_for(rb"kinesis consume test_shards_owners_and_counts\x1b\[0m  application billing")
        self.wait_for(rb"read 50 records \([\d.]+ \w+\), [\d,]+/s; 2 of 2 shards here, \d+ ms behind")
        self.wait_for(rf"{FIRST} +w1 \(here\) +\d+ ".encode())
        other = self.start("consume", self.stream, "--application", "billing", "--leases", f"sqlite:{self.folder}/leases.db", "--worker", "w2")
        self.wait_for(rb"1 of 2 shards here")
        self.wait_for(rb"shardId-00000000000\d +w2 ")
        self.finish(process)
        other.stop()

    def test_trouble_is_shown(self):
        self.create(1)
        self.put([b"one"])
        process = self.consume("--exec", "exit 9")
        self.wait_for(rb"\x1b\[33m[^\n]*ended with exit code 9")
        self.finish(process)

    def test_not_between_the_records(self):
        self.create(1)
        self.put([b"the record"])
        process = self.consume(stdout="terminal")
        self.wait_for(rb"the record")
        self.finish(process)
        self.assertEqual(b"the record", self.shown.strip())

    def test_not_without_colours(self):
        self.create(1)
        self.put([b"the record"])
        process = self.consume("--records", "records.jsonl", NO_COLOR="1")
        wait_until(lambda: (self.folder / "records.jsonl").exists() and (self.folder / "records.jsonl").read_bytes(), "a record")
        self.finish(process)
        self.assertEqual(b"", self.shown)


if __name__ == "__main__":
    unittest.main()
