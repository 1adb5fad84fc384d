#!/usr/bin/env python3
"""Three workers as processes of their own, killed, frozen and replaced at random while the stream is resharded; audited with the record log."""

import os
import random
import signal
import unittest

from support import wait_until
from test_consume import ConsumeTest, position

SEED = int(os.environ.get("KINESIS_FLEET_SEED", "1"))
ROUNDS = int(os.environ.get("KINESIS_FLEET_ROUNDS", "1"))
BATCH = 60


class Fleet(ConsumeTest):
    """KINESIS_FLEET_ROUNDS more rounds go on for longer, KINESIS_FLEET_SEED chooses others."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.workers, self.rows, self.disturbed, self.put_so_far = {}, [], set(), 0

    def launch(self):
        name = f"w{len(self.workers) + 1}"
        self.workers[name] = self.worker(name)

    def alive(self):
        return sorted(name for name, worker in self.workers.items() if worker.alive)

    def one(self):
        return self.random.choice(self.alive())

    def more_records(self):
        self.put_keyed(self.put_so_far, BATCH)
        self.put_so_far += BATCH

    def wait_until_shared(self):
        """All leases are in the hands of workers that live."""
        wait_until(lambda: self.owners() and set(self.owners()) <= set(self.alive()), "owners that live")

    def kill(self):
        name = self.one()
        self.disturbed.add(name)
        self.workers[name].kill()
        self.launch()
        self.more_records()
        self.wait_until_shared()

    def freeze(self):
        """For so long that the others take its leases; then it goes on with what it believes."""
        name = self.one()
        self.disturbed.add(name)
        self.workers[name].send(signal.SIGSTOP)
        self.more_records()
        wait_until(lambda: name not in self.owners(), f"the others, who take what {name} had")
        self.workers[name].send(signal.SIGCONT)
        self.more_records()

    def deploy(self):
        name = self.one()
        self.launch()
        self.check_end(self.workers[name].stop())
        self.more_records()
        self.wait_until_shared()

    def reshard(self):
        shards = sorted((int(shard["starting_hash_key"]), shard["shard"]) for shard in self.describe()["shards"] if shard["open"])
        if len(shards) < 5:
            self.run_tool("streams", "split", self.stream, self.random.choice(shards)[1], "--wait")
        else:
            at = self.random.randrange(len(shards) - 1)
            self.run_tool("streams", "merge", self.stream, shards[at][1], shards[at + 1][1], "--wait")
        self.more_records()

    def test_nothing_is_lost(self):
        self.create(4)
        for _ in range(3):
            self.launch()
        self.more_records()
        self.wait_until_shared()
        for _ in range(ROUNDS):
            steps = [self.kill, self.freeze, self.deploy, self.reshard, self.reshard]
            self.random.shuffle(steps)
            for step in steps:
                step()
        self.wait_for_records(self.workers.values(), self.put_so_far)
        for name in self.alive():
            self.check_end(self.workers[name].stop())
        rows = [row for worker in self.workers.values() for row in worker.wait().json_lines()]
        self.assert_nothing_lost(rows, self.put_so_far)
        rows.sort(key=lambda row: row["handled_ms"])  # stable: one worker's lines stay in order
        self.assert_order_of_keys(rows)
        # What comes again is what somebody had handled whom nobody let store how far it was.
        first = {}
        for row in rows:
            if position(row) in first:
                self.assertIn(first[position(row)], self.disturbed, row)
            first.setdefault(position(row), row["worker"])


if __name__ == "__main__":
    unittest.main()
