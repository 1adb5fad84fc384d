#!/usr/bin/env python3
"""Aggregates of ours read by aws-kinesis-agg, from npm, and its aggregates read by us.

KINESIS_AGGREGATES: the program aggregates (tests/interop/aggregates.cpp); the one of build/dev by default. Skipped, with a line that says so, where
npm or node is absent or cannot install."""

import base64
import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from npm_packages import FOLDER, HERE, SKIPPED, install  # noqa: E402

AGGREGATES = os.environ.get("KINESIS_AGGREGATES") or str(HERE.parent.parent / "build" / "dev" / "bin" / "aggregates")
GOLDEN = HERE.parent / "golden" / "kpl"

READ = """
const { deaggregateSync } = require('aws-kinesis-agg');
for (const data of JSON.parse(require('fs').readFileSync(0))) {
  deaggregateSync({ data, partitionKey: 'a', sequenceNumber: '1' }, true, (error, records) => {
    if (error) throw error;
    console.log(JSON.stringify(records.map((r) => [r.partitionKey, r.explicitPartitionKey ?? null, r.data.toString('base64'), r.subSequenceNumber])));
  });
}"""

WRITE = """
const { RecordAggregator } = require('aws-kinesis-agg');
for (const records of JSON.parse(require('fs').readFileSync(0))) {
  const aggregator = new RecordAggregator();
  for (const [partitionKey, explicitHashKey, data] of records)
    aggregator.addUserRecord({ partitionKey, explicitHashKey: explicitHashKey ?? undefined, data: Buffer.from(data, 'base64') });
  console.log(aggregator.build().data.toString('base64'));
}"""


def node(program, values):
    ended = subprocess.run(["node", "-e", program], cwd=FOLDER, input=json.dumps(values), capture_output=True, text=True, timeout=120)
    if ended.returncode != 0 or ended.stderr:
        raise AssertionError(f"node ended with {ended.returncode}: {ended.stderr}")
    return ended.stdout.splitlines()


def ours(mode, text):
    return subprocess.run([AGGREGATES, mode], input=text, capture_output=True, text=True, timeout=120, check=True).stdout


def word(data):
    return base64.b64encode(data).decode() if data else "-"


def line(key, explicit_hash_key, data):
    return f"{word(key.encode())} {word((explicit_hash_key or '').encode())} {word(data)}\n"


def written(aggregates):
    """Our aggregates of these, in base64."""
    return ours("write", "".join("".join(line(*record) for record in records) + "\n" for records in aggregates)).split()


def golden():
    """User records as the KPL was given them, and the aggregate it made."""
    for entry in json.loads((GOLDEN / "manifest.json").read_text()):
        if entry["aggregated"] and not entry["raw_user_record"] and all("data" in record for record in entry["user_records"]):
            yield ([(record["partition_key"], record["explicit_hash_key"], base64.b64decode(record["data"])) for record in entry["user_records"]],
                   (GOLDEN / entry["file"]).read_bytes())


def random_records(source, count):
    keys = ["k", "ключ", "鍵" * 256, "🎉", "with space", *(f"key-{i}" for i in range(200))]
    # Theirs would sort keys that look like small numbers, and then mix up what belongs to which.
    hash_keys = [None, None, str(2**128 - 1), str(2**127), str(2**64 + 5), *(str(10**38 + i) for i in range(150))]
    return [(source.choice(keys), source.choice(hash_keys), source.randbytes(source.choice((1, 2, 100, 127, 128, 3000)))) for _ in range(count)]


class Aggregation(unittest.TestCase):
    def check_read_by_them(self, wanted, found):
        self.assertEqual([(key, data) for key, _, data in wanted], [(key, base64.b64decode(data)) for key, _, data, _ in found])
        self.assertEqual(list(range(len(wanted))), [place for *_, place in found])
        # Without an explicit hash key, theirs names the first one of the table, if it has any.
        first = next((explicit for _, explicit, _ in wanted if explicit is not None), None)
        self.assertEqual([explicit or first for _, explicit, _ in wanted], [explicit for _, explicit, *_ in found])

    def test_they_read_what_we_write(self):
        source = random.Random(1)
        aggregates = [records for records, _ in golden()] + [random_records(source, count) for count in (1, 2, 3, 10, 130, 300)]
        self.assertGreater(len(aggregates), 20)
        lines = node(READ, written(aggregates))
        self.assertEqual(len(aggregates), len(lines))
        for wanted, found in zip(aggregates, lines):
            self.check_read_by_them(wanted, json.loads(found))

    def test_we_write_what_the_kpl_writes(self):
        for records, data in golden():
            self.assertEqual([base64.b64encode(data).decode()], written([records]))

    def test_we_read_what_they_write(self):
        source = random.Random(2)
        aggregates = [random_records(source, count) for count in (1, 2, 3, 10, 130, 300)]
        theirs = node(WRITE, [[(key, explicit, base64.b64encode(data).decode()) for key, explicit, data in records] for records in aggregates])
        self.assertEqual("".join("".join(line(*record) for record in records) + "\n" for records in aggregates), ours("read", "\n".join(theirs) + "\n"))
        self.assertEqual(theirs, written(aggregates), "not the same bytes")


if __name__ == "__main__":
    why_not = install()
    if why_not:
        print(f"SKIPPED: the tests against aws-kinesis-agg: {why_not}", flush=True)
        sys.exit(SKIPPED)
    unittest.main()
