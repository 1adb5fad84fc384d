#!/usr/bin/env python3
"""kinesis consume --exec: records go to processes; what they have done is checkpointed, what they failed at comes again."""

import base64
import contextlib
import json
import sqlite3
import unittest

from support import CRASH, DONE, USAGE, ToolTest, wait_until

FIRST = "shardId-000000000000"
# Acknowledges each line once it is in the file "done".
KEEPER = """import json, os, sys
for line in sys.stdin:
    record = json.loads(line)
    with open("done", "a") as done:
        done.write(f"{os.getpid()} {record['shard']} {record['sequence_number']}\\n")
    print(record["sequence_number"], flush=True)
"""


class ExecTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.lease_file = self.folder / "leases.db"

    def consume(self, command, *options):
        return self.start("consume", self.stream, "--application", "billing", "--leases", f"sqlite:{self.lease_file}", "--worker", "w1", "--poll-interval",
                          "100", "--exec", command, *options)

    def checkpoints(self):
        if not self.lease_file.exists():
            return {}
        with contextlib.closing(sqlite3.connect(f"file:{self.lease_file}?mode=ro", uri=True, timeout=10)) as database:
            try:
                return dict(database.execute("SELECT leaseKey, checkpoint FROM leases").fetchall())
            except sqlite3.OperationalError:  # not made yet
                return {}

    def lines(self, name):
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def wait_for(self, name, count):
        wait_until(lambda: len(self.lines(name)) >= count, f"{count} lines in {name}, which are {self.lines(name)[-3:]}")

    def numbers(self, first, count, *options):
        self.put([b"%d" % number for number in range(first, first + count)], "--key", "k", *options)

    def last(self):
        return self.emulator.accepted(self.stream)[-1]["sequence_number"]

    def finish(self, worker, errors=0):
        """Stops it; it has said so many lines on stderr."""
        ended = worker.stop()
        self.assertEqual((DONE, errors), (ended.code, len(ended.err.splitlines())), ended)
        self.assertIsNone(CRASH.search(ended.err), ended)
        return ended


class ABatchAProcess(ExecTest):
    def test_exit_code_0_checkpoints(self):
        self.create(1)
        self.numbers(0, 30)
        worker = self.consume("cat >> done")
        self.wait_for("done", 30)
        wait_until(lambda: self.checkpoints().get(FIRST) == self.last(), "the checkpoint")
        self.numbers(30, 30)
        self.wait_for("done", 60)
        self.finish(worker)
        self.assertEqual([str(number) for number in range(60)], self.lines("done"))

    def test_any_other_has_it_come_again(self):
        self.create(1)
        self.numbers(0, 20)
        worker = self.consume("cat >> tried; mkdir once && exit 3; tail -20 tried > done")
        worker.wait_for_stderr(rb"^kinesis consume: shardId-000000000000: `.*` ended with exit code 3 on a batch of 20; what is not checkpointed comes again$")
        self.assertEqual("TRIM_HORIZON", self.checkpoints()[FIRST])
        self.wait_for("done", 20)
        wait_until(lambda: self.checkpoints()[FIRST] == self.last(), "the checkpoint")
        worker.stop()
        self.assertEqual([str(number) for number in range(20)] * 2, self.lines("tried"))

    def test_a_process_that_is_killed(self):
        self.create(1)
        self.numbers(0, 5)
        worker = self.consume("mkdir once && kill -9 $$; cat > done")
        worker.wait_for_stderr(b"was ended by signal 9")
        self.wait_for("done", 5)
        worker.stop()

    def test_size_of_batches(self):
        self.create(1)
        self.numbers(0, 25)
        worker = self.consume("wc -l >> sizes", "--batch", "10")
        self.wait_for("sizes", 3)
        self.finish(worker)
        self.assertEqual(["10", "10", "5"], self.lines("sizes"))

    def test_a_failed_part_leaves_the_parts_before_it_done(self):
        self.create(1)
        self.numbers(0, 30)
        worker = self.consume("if grep -q '^20$'; then mkdir once && exit 1; fi; echo x >> parts", "--batch", "10")
        self.wait_for("parts", 3)
        worker.wait_for_stderr(b"exit code 1")
        wait_until(lambda: self.checkpoints()[FIRST] == self.last(), "the checkpoint")
        worker.stop()
        self.assertEqual(3, len(self.lines("parts")))

    def test_one_that_does_not_read_all(self):
        self.create(1)
        self.put([b"x" * 1000 for _ in range(500)], "--key", "k")  # more than a pipe holds
        worker = self.consume("head -1 >> done")
        wait_until(lambda: self.checkpoints().get(FIRST) == self.last(), "the checkpoint")
        self.finish(worker)

    def test_its_output_is_ours(self):
        self.create(1)
        self.numbers(0, 3)
        worker = self.consume("sed 's/^/line /'; echo oops >&2")
        worker.wait_for_lines(3)
        worker.wait_for_stderr(b"^oops$")
        ended = worker.stop()
        self.assertEqual(["line 0", "line 1", "line 2"], ended.text.splitlines())

    def test_json_and_environment(self):
        self.create(1)
        self.numbers(7, 1)
        worker = self.consume('cat >> done; echo "$KINESIS_STREAM $KINESIS_SHARD $KINESIS_WORKER" > environment', "--format", "json")
        self.wait_for("environment", 1)
        self.finish(worker)
        record = json.loads(self.lines("done")[0])
        self.assertEqual((FIRST, "k", b"7", "w1"), (record["shard"], record["partition_key"], base64.b64decode(record["data_base64"]), record["worker"]))
        self.assertEqual([f"{self.stream} {FIRST} w1"], self.lines("environment"))

    def test_one_process_a_shard_at_a_time_for_several_shards(self):
        self.create(3)
        self.put([b"%d" % number for number in range(60)])
        worker = self.consume('mkdir "busy-$KINESIS_SHARD" || echo twice >> wrong; cat >> done; rmdir "busy-$KINESIS_SHARD"')
        self.wait_for("done", 60)
        self.put([b"%d" % number for number in range(60, 120)])
        self.wait_for("done", 120)
        self.finish(worker)
        self.assertEqual([], self.lines("wrong"))
        self.assertEqual({str(number) for number in range(120)}, set(self.lines("done")))

    def test_per_key(self):
        self.create(1)
        self.put([b"k%d\t%d" % (number % 20, number) for number in range(400)], "--key-column", "1")
        worker = self.consume('while read -r line; do echo "$$ $line" >> done; done', "--per-key", "4", "--batch", "400")
        self.wait_for("done", 400)
        wait_until(lambda: self.checkpoints()[FIRST] == self.last(), "the checkpoint")
        self.finish(worker)
        rows = [line.split() for line in self.lines("done")]
        self.assertGreater(len({process for process, _, _ in rows}), 1)
        for key in {key for _, key, _ in rows}:
            mine = [(process, int(number)) for process, other, number in rows if other == key]
            self.assertEqual(sorted(number for _, number in mine), [number for _, number in mine])

    def test_a_stop_waits_for_what_is_under_way(self):
        self.create(1)
        self.numbers(0, 3)
        worker = self.consume("echo x > began; until [ -e go ]; do sleep 0.02; done; cat > done")
        self.wait_for("began", 1)
        worker.send(15)
        self.assertTrue(worker.alive)
        self.write("go", b"")
        self.check_end(worker.wait())  # not stopped again: a second signal ends it at once
        self.assertEqual(3, len(self.lines("done")))
        self.assertEqual(self.last(), self.checkpoints()[FIRST])


    def test_a_process_that_never_ends_is_killed_at_the_deadline_of_the_stop(self):
        self.create(1)
        self.numbers(0, 3)
        worker = self.consume("echo x > began; sleep 100000")
        self.wait_for("began", 1)
        ended = worker.stop()
        self.assertEqual(DONE, ended.code, ended)
        self.assertRegex(ended.error, "signal 9")
        self.assertEqual("TRIM_HORIZON", self.checkpoints()[FIRST])


class OneProcessThatStays(ExecTest):
    def setUp(self):
        super().setUp()
        self.write("keeper.py", KEEPER.encode())

    def keep(self, command="python3 keeper.py", *options):
        return self.consume(command, "--exec-keep", *options)

    def test_acknowledged_is_checkpointed(self):
        self.create(1)
        self.numbers(0, 20)
        worker = self.keep()
        self.wait_for("done", 20)
        wait_until(lambda: self.checkpoints()[FIRST] == self.last(), "the checkpoint, while it goes on")
        self.numbers(20, 20)
        self.wait_for("done", 40)
        self.finish(worker)
        self.assertEqual(self.last(), self.checkpoints()[FIRST])
        rows = [line.split() for line in self.lines("done")]
        self.assertEqual(1, len({process for process, _, _ in rows}))
        self.assertEqual([record["sequence_number"] for record in self.emulator.accepted(self.stream)], [number for _, _, number in rows])

    def test_what_is_not_acknowledged_comes_again(self):
        """It acknowledges 5 of 20, and ends."""
        self.create(1)
        self.numbers(0, 20)
        self.write("half.py", b"import json, os, sys\nif os.path.exists('once'): os.execvp('python3', ['python3', 'keeper.py'])\nopen('once', 'w')\n"
                   b"for number, line in enumerate(sys.stdin):\n    if number == 4: print(json.loads(line)['sequence_number'], flush=True); sys.exit(0)\n")
        worker = self.keep("python3 half.py")
        worker.wait_for_stderr(b"ended by itself")
        self.wait_for("done", 15)
        wait_until(lambda: self.checkpoints()[FIRST] == self.last(), "the checkpoint")
        worker.stop()
        accepted = [record["sequence_number"] for record in self.emulator.accepted(self.stream)]
        self.assertEqual(accepted[5:], [line.split()[2] for line in self.lines("done")])

    def test_it_fails(self):
        self.create(1)
        self.numbers(0, 5)
        worker = self.keep("mkdir once && exit 7; python3 keeper.py")
        worker.wait_for_stderr(b"ended with exit code 7")
        self.wait_for("done", 5)
        worker.stop()

    def test_it_acknowledges_what_it_never_got(self):
        for number, text in enumerate(("hello", "99999999999999999999999999999999999999999999999999999999", "1/x")):
            with self.subTest(text=text):
                self.stream = f"{self.id().split('.')[-1]}-{number}"
                self.create(1)
                self.numbers(0, 3)
                worker = self.keep(f"echo {text}; cat > /dev/null")
                worker.wait_for_stderr(rb'acknowledged "' + text.encode())
                ended = worker.stop()
                self.assertEqual(DONE, ended.code, ended)
                self.assertEqual({"TRIM_HORIZON"}, set(self.checkpoints().values()))
                self.lease_file.unlink()

    def test_end_of_a_shard(self):
        self.create(1)
        self.numbers(0, 10)
        worker = self.keep()
        self.wait_for("done", 10)
        self.run_tool("streams", "split", self.stream, FIRST, "--wait")
        self.numbers(10, 10)
        self.wait_for("done", 20)
        self.assertEqual("SHARD_END", self.checkpoints()[FIRST])
        self.finish(worker)

    def test_inside_aggregates(self):
        self.create(1)
        self.numbers(0, 50, "--aggregate")
        self.write("some.py", b"import json, os, sys\nif os.path.exists('once'): sys.exit(1)\nopen('once', 'w')\n"
                   b"for number, line in enumerate(sys.stdin):\n    record = json.loads(line)\n    if number == 9:\n"
                   b"        open('acknowledged', 'w').write(str(record['sub_sequence_number']))\n"
                   b"        print(record['sequence_number'], record['sub_sequence_number'], sep='/', flush=True)\n        sys.exit(1)\n")
        worker = self.keep("python3 some.py")
        worker.wait_for_stderr(b"exit code 1")
        worker.stop()
        with contextlib.closing(sqlite3.connect(self.lease_file)) as database:
            stored = database.execute("SELECT checkpointSubSequenceNumber FROM leases").fetchall()
        # 9 if all went into one aggregate; the first of them may have gone before the others came.
        acknowledged = int((self.folder / "acknowledged").read_text())
        self.assertGreater(acknowledged, 0)
        self.assertEqual([(acknowledged,)], stored)

    def test_aggregates_counted_off_by_their_number(self):
        """A process that knows nothing of aggregates gets to the end of a shard."""
        self.create(1)
        self.numbers(0, 50, "--aggregate")
        worker = self.keep()
        self.wait_for("done", 50)
        self.run_tool("streams", "split", self.stream, FIRST, "--wait")
        wait_until(lambda: self.checkpoints()[FIRST] == "SHARD_END", "the end of the shard")
        self.finish(worker)
        self.assertEqual(50, len(self.lines("done")))


class WrongUsage(ExecTest):
    emulator_options = None

    def test_of_options(self):
        for options, says in ((("--exec", "cat", "--records", "f"), "--records"), (("--exec-keep",), "--exec"), (("--format", "json"), "--exec"),
                              (("--exec", "cat", "--format", "xml"), "xml"), (("--exec", "cat", "--exec-keep", "--format", "raw"), "--format json"),
                              (("--exec", "cat", "--exec-keep", "--batch", "3"), "--batch"), (("--exec", "cat", "--per-key", "0"), "--per-key"),
                              (("--exec", "cat", "--batch", "0"), "--batch"), (("--exec", ""), "--exec")):
            with self.subTest(options=options):
                ended = self.run_tool("consume", "s", "--application", "a", "--leases", "memory", *options, code=USAGE)
                self.assertRegex(ended.error, r"^kinesis consume: [^\n]*" + says, ended)


if __name__ == "__main__":
    unittest.main()
