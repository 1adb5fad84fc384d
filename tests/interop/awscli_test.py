#!/usr/bin/env python3
"""The emulator as the AWS CLI sees it: every operation it knows, plain and over TLS.

Skipped, with a line that says so, where it is not installed (Debian: awscli)."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tool"))

from support import ToolTest, environment, sha256  # noqa: E402

SKIPPED = 77  # what ctest counts as skipped
AWS = "/usr/bin/aws" if os.access("/usr/bin/aws", os.X_OK) else shutil.which("aws")
ACCOUNT = "123456789012"
TOP = 2**128 - 1


def shard(number):
    return f"shardId-{number:012d}"


class AwsCli:
    def setUp(self):
        super().setUp()
        self.used = set()
        # Version 2 takes blobs in base64 unless told otherwise; version 1 does not know the setting.
        (self.folder / ".aws").mkdir()
        self.write(".aws/config", b"[default]\ncli_binary_format = raw-in-base64-out\ncli_pager =\nmax_attempts = 1\n")
        self.arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/orders"

    def options(self):
        return []

    def run_aws(self, *words):
        argv = [AWS, "--endpoint-url", self.emulator.url, "--output", "json", *self.options(), "kinesis", *map(str, words)]
        return subprocess.run(argv, env=environment(self.folder, AWS_PAGER="", AWS_DEFAULT_REGION="us-east-1", PYTHONWARNINGS="ignore"), cwd=self.folder, capture_output=True, text=True,
                              timeout=120, stdin=subprocess.DEVNULL)

    def aws(self, operation, *words):
        """Runs an operation that must work; its answer."""
        self.used.add(operation)
        ended = self.run_aws(operation, *words)
        self.assertEqual((0, ""), (ended.returncode, ended.stderr), f"{operation} {words}: {ended.stdout}")
        return json.loads(ended.stdout) if ended.stdout.strip() else None

    def refused(self, error, operation, *words):
        ended = self.run_aws(operation, *words)
        self.assertNotEqual(0, ended.returncode, f"{operation} {words}: {ended.stdout}")
        self.assertRegex(ended.stderr, rf"An error occurred \({error}\) when calling the \w+ operation( \(reached max retries: \d+\))?: .")

    def operations(self):
        """Named in the message for one that does not exist, in version 1 and 2."""
        message = self.run_aws("no-such-operation").stderr
        names = set(re.findall(r"(?<![\w-])([a-z]+(?:-[a-z]+)+)(?![\w-])", message.split("valid choices are")[-1]))
        self.assertIn("put-records", names, message)
        return names - {"no-such-operation"}

    def test_every_operation(self):
        aws, name = self.aws, ("--stream-name", "orders")
        known = self.operations()

        # Streams.
        self.assertIsNone(aws("create-stream", *name, "--shard-count", 2))
        self.assertIsNone(aws("wait", "stream-exists", *name))
        self.refused("ResourceInUseException", "create-stream", *name, "--shard-count", 2)
        self.assertEqual(["orders"], aws("list-streams")["StreamNames"])
        described = aws("describe-stream", *name)["StreamDescription"]
        self.assertEqual(("orders", self.arn, "ACTIVE", 24, "NONE"),
                         tuple(described[key] for key in ("StreamName", "StreamARN", "StreamStatus", "RetentionPeriodHours", "EncryptionType")))
        self.assertEqual([shard(0), shard(1)], [one["ShardId"] for one in described["Shards"]])
        summary = aws("describe-stream-summary", *name)["StreamDescriptionSummary"]
        self.assertEqual((2, 0, {"StreamMode": "PROVISIONED"}), (summary["OpenShardCount"], summary["ConsumerCount"], summary["StreamModeDetails"]))
        self.refused("ResourceNotFoundException", "describe-stream", "--stream-name", "absent")
        limits = aws("describe-limits")
        self.assertEqual({"ShardLimit", "OpenShardCount", "OnDemandStreamCount", "OnDemandStreamCountLimit"}, set(limits))
        self.assertEqual(2, limits["OpenShardCount"])

        # Records.
        put = aws("put-record", *name, "--data", "hello", "--partition-key", "k", "--explicit-hash-key", "0")
        self.assertEqual((shard(0), "NONE"), (put["ShardId"], put["EncryptionType"]))
        self.assertEqual(sha256(b"hello"), self.emulator.accepted("orders", 1)[0]["data_sha256"])
        more = aws("put-records", *name, "--records", json.dumps([{"Data": f"line {number}", "PartitionKey": "k", "ExplicitHashKey": str(TOP)} for number in range(3)]))
        self.assertEqual((0, [shard(1)] * 3), (more["FailedRecordCount"], [one["ShardId"] for one in more["Records"]]))
        iterator = aws("get-shard-iterator", *name, "--shard-id", shard(1), "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
        records = aws("get-records", "--shard-iterator", iterator)
        self.assertEqual([b"line 0", b"line 1", b"line 2"], [base64.b64decode(record["Data"]) for record in records["Records"]])
        self.assertEqual(0, records["MillisBehindLatest"])
        self.refused("InvalidArgumentException", "get-records", "--shard-iterator", "nonsense")

        # Shards.
        self.assertIsNone(aws("split-shard", *name, "--shard-to-split", shard(0), "--new-starting-hash-key", 1000))
        self.assertIsNone(aws("merge-shards", *name, "--shard-to-merge", shard(3), "--adjacent-shard-to-merge", shard(1)))
        listed = aws("list-shards", *name)["Shards"]
        self.assertEqual([shard(number) for number in range(5)], [one["ShardId"] for one in listed])
        self.assertEqual((shard(3), shard(1)), (listed[4]["ParentShardId"], listed[4]["AdjacentParentShardId"]))
        resized = aws("update-shard-count", *name, "--target-shard-count", 4, "--scaling-type", "UNIFORM_SCALING")
        self.assertEqual((2, 4), (resized["CurrentShardCount"], resized["TargetShardCount"]))
        self.refused("(InvalidArgument|LimitExceeded)Exception", "update-shard-count", *name, "--target-shard-count", 9, "--scaling-type", "UNIFORM_SCALING")

        # Settings.
        self.assertIsNone(aws("increase-stream-retention-period", *name, "--retention-period-hours", 48))
        self.assertIsNone(aws("decrease-stream-retention-period", *name, "--retention-period-hours", 36))
        self.assertEqual(36, aws("describe-stream-summary", *name)["StreamDescriptionSummary"]["RetentionPeriodHours"])
        self.assertIsNone(aws("add-tags-to-stream", *name, "--tags", "team=blue,stage=test"))
        self.assertIsNone(aws("remove-tags-from-stream", *name, "--tag-keys", "stage"))
        self.assertEqual({"Tags": [{"Key": "team", "Value": "blue"}], "HasMoreTags": False}, aws("list-tags-for-stream", *name))
        self.assertEqual(["IncomingBytes"], aws("enable-enhanced-monitoring", *name, "--shard-level-metrics", "IncomingBytes")["DesiredShardLevelMetrics"])
        self.assertEqual([], aws("disable-enhanced-monitoring", *name, "--shard-level-metrics", "ALL")["DesiredShardLevelMetrics"])
        self.assertIsNone(aws("start-stream-encryption", *name, "--encryption-type", "KMS", "--key-id", "alias/aws/kinesis"))
        self.assertEqual("KMS", aws("describe-stream-summary", *name)["StreamDescriptionSummary"]["EncryptionType"])
        self.assertIsNone(aws("stop-stream-encryption", *name, "--encryption-type", "KMS", "--key-id", "alias/aws/kinesis"))
        self.assertIsNone(aws("update-stream-mode", "--stream-arn", self.arn, "--stream-mode-details", "StreamMode=ON_DEMAND"))

        # Consumers.
        consumer = aws("register-stream-consumer", "--stream-arn", self.arn, "--consumer-name", "c")["Consumer"]
        self.assertTrue(consumer["ConsumerARN"].startswith(f"{self.arn}/consumer/c:"))
        found = aws("describe-stream-consumer", "--consumer-arn", consumer["ConsumerARN"])["ConsumerDescription"]
        self.assertEqual(("c", "ACTIVE", self.arn), (found["ConsumerName"], found["ConsumerStatus"], found["StreamARN"]))
        self.assertEqual(["c"], [one["ConsumerName"] for one in aws("list-stream-consumers", "--stream-arn", self.arn)["Consumers"]])
        self.refused("ResourceInUseException", "delete-stream", *name)
        self.assertIsNone(aws("deregister-stream-consumer", "--consumer-arn", consumer["ConsumerARN"]))

        self.use_what_newer_versions_know(known)
        self.assertIsNone(aws("delete-stream", *name))
        self.assertIsNone(aws("wait", "stream-not-exists", *name))
        self.assertEqual([], aws("list-streams")["StreamNames"])
        self.assertEqual(set(), known - self.used, "operations the CLI knows and this test does not use")

    def use_what_newer_versions_know(self, known):
        policy = '{"Version":"2012-10-17","Statement":[]}'
        arn = ("--resource-arn", self.arn)
        for operation, words, wanted in (
                ("put-resource-policy", (*arn, "--policy", policy), None), ("get-resource-policy", arn, {"Policy": policy}), ("delete-resource-policy", arn, None),
                ("tag-resource", (*arn, "--tags", "more=tags"), None), ("untag-resource", (*arn, "--tag-keys", "more"), None),
                ("list-tags-for-resource", arn, {"Tags": [{"Key": "team", "Value": "blue"}]}),
                ("update-max-record-size", ("--stream-arn", self.arn, "--max-record-size-in-ki-b", 2048), None),
                ("update-account-settings", ("--minimum-throughput-billing-commitment", "Status=ENABLED"), ...),
                ("update-stream-warm-throughput", ("--stream-arn", self.arn, "--warm-throughput-mi-bps", 10), ...),
                ("describe-account-settings", (), ...)):
            if operation in known:
                answer = self.aws(operation, *words)
                if wanted is not ...:
                    self.assertEqual(wanted, answer, operation)


class Plain(AwsCli, ToolTest):
    pass


class Tls(AwsCli, ToolTest):
    emulator_options = ("--no-limits", "--tls", "--ca-out", "ca.pem", "--credentials", "AKIDEXAMPLE:secret-of-the-test")

    def options(self):
        return ["--ca-bundle", str(self.emulator.folder / "ca.pem")]


class Refusals(AwsCli, ToolTest):
    emulator_options = Tls.emulator_options
    test_every_operation = None

    def run_with(self, **more):
        argv = [AWS, "--endpoint-url", self.emulator.url, "kinesis", "list-streams"]
        env = environment(self.folder, AWS_PAGER="", AWS_DEFAULT_REGION="us-east-1", PYTHONWARNINGS="ignore", **more)
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)

    def test_certificates_and_keys(self):
        bundle = str(self.emulator.folder / "ca.pem")
        self.assertEqual(0, self.run_with(AWS_CA_BUNDLE=bundle).returncode)
        self.assertRegex(self.run_with().stderr, "SSL validation failed|certificate verify failed")
        self.assertIn("(InvalidSignatureException)", self.run_with(AWS_CA_BUNDLE=bundle, AWS_SECRET_ACCESS_KEY="another").stderr)
        self.assertIn("(UnrecognizedClientException)", self.run_with(AWS_CA_BUNDLE=bundle, AWS_ACCESS_KEY_ID="AKIDUNKNOWN").stderr)


if __name__ == "__main__":
    if AWS is None:
        print("SKIPPED: the tests with the AWS CLI: it is not installed (Debian: awscli)", flush=True)
        sys.exit(SKIPPED)
    unittest.main()
