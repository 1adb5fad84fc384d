#!/usr/bin/env python3
"""What boto3 meets besides answers: pages, waiters, limits, faults to order, and signatures that are refused, with the names of AWS's errors.

Skipped, with a line that says so, where boto3 is not installed."""

import contextlib
import datetime
import importlib
import types
import unittest
import unittest.mock

from boto3_support import ACCOUNT, Boto3Test, boto3, botocore, jmespath, shard
from support import ToolTest, wait_until


class Pages(Boto3Test):
    def test_paginators(self):
        self.create_stream(5)
        for name in "abcde":
            self.client.register_stream_consumer(StreamARN=self.arn(), ConsumerName=name)
        for number in range(4):
            self.create_stream(name=f"{self.stream}-{number}")
        for operation, arguments, key, wanted in (
                ("describe_stream", {"StreamName": self.stream}, "StreamDescription.Shards[].ShardId", [shard(number) for number in range(5)]),
                ("list_stream_consumers", {"StreamARN": self.arn()}, "Consumers[].ConsumerName", list("abcde")),
                ("list_streams", {}, "StreamNames[]", [self.stream, *(f"{self.stream}-{number}" for number in range(4))])):
            with self.subTest(operation=operation):
                pages = list(self.client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 2}))
                self.assertEqual(3, len(pages))
                self.assertEqual(wanted, [value for page in pages for value in jmespath.search(key, page)])

    def test_the_paginator_of_list_shards(self):
        """boto3 sends the name of the stream with the token, which AWS refuses: the paginator works up to one page, there as here."""
        self.create_stream(3)
        paginator = self.client.get_paginator("list_shards")
        self.assertEqual([3], [len(page["Shards"]) for page in paginator.paginate(StreamName=self.stream)])
        with self.refused("InvalidArgumentException", "NextToken and StreamName cannot be provided together"):
            list(paginator.paginate(StreamName=self.stream, PaginationConfig={"PageSize": 2}))


class Waiters(Boto3Test):
    emulator_options = ("--no-limits", "--stream-delay", "400")

    def test_waiters(self):
        self.assertEqual({"stream_exists", "stream_not_exists"}, set(self.client.waiter_names))
        quick = {"Delay": 1, "MaxAttempts": 60}
        self.client.create_stream(StreamName=self.stream, ShardCount=1)
        self.assertEqual("CREATING", self.client.describe_stream(StreamName=self.stream)["StreamDescription"]["StreamStatus"])
        with self.refused("ResourceInUseException"):
            self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(0), NewStartingHashKey="1000")
        self.client.get_waiter("stream_exists").wait(StreamName=self.stream, WaiterConfig=quick)
        self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(0), NewStartingHashKey="1000")
        self.assertEqual("UPDATING", self.summary()["StreamStatus"])
        with self.refused("ResourceInUseException"):
            self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(1), NewStartingHashKey="1000")
        wait_until(lambda: self.summary()["StreamStatus"] == "ACTIVE", "the split")
        self.client.delete_stream(StreamName=self.stream)
        self.assertEqual("DELETING", self.summary()["StreamStatus"])
        self.client.get_waiter("stream_not_exists").wait(StreamName=self.stream, WaiterConfig=quick)


class Limits(Boto3Test):
    """The limits of the service, with the names of its errors."""

    emulator_options = ("--streams", "a:1,b:1,c:1,d:1,e:1")

    def test_five_reads_a_second(self):
        iterator = self.client.get_shard_iterator(StreamName="a", ShardId=shard(0), ShardIteratorType="LATEST")["ShardIterator"]
        with self.refused("ProvisionedThroughputExceededException", f"Rate exceeded for shard {shard(0)}.*{ACCOUNT}"):
            for _ in range(100):
                iterator = self.client.get_records(ShardIterator=iterator)["NextShardIterator"]

    def test_records_a_second(self):
        answers = [self.client.put_records(StreamName="b", Records=[{"Data": b"x", "PartitionKey": "k"}] * 500) for _ in range(6)]
        refused = [record for answer in answers for record in answer["Records"] if "ErrorCode" in record]
        self.assertEqual(len(refused), sum(answer["FailedRecordCount"] for answer in answers))
        self.assertTrue(refused)
        for record in refused:
            self.assertEqual({"ErrorCode", "ErrorMessage"}, set(record))
            self.assertEqual("ProvisionedThroughputExceededException", record["ErrorCode"])
            self.assertRegex(record["ErrorMessage"], f"Rate exceeded for shard {shard(0)} in stream b under account {ACCOUNT}")

    def test_bytes_a_second(self):
        with self.refused("ProvisionedThroughputExceededException", "Rate exceeded"):
            for _ in range(20):
                self.client.put_record(StreamName="c", Data=b"x" * 900_000, PartitionKey="k")

    def test_quota_of_shards(self):
        with self.refused("LimitExceededException"):
            self.client.create_stream(StreamName=self.stream, ShardCount=30_000)

    def test_rate_of_the_control_plane(self):
        with self.refused("LimitExceededException", "rate"):
            for _ in range(200):
                self.client.describe_limits()

    def test_bytes_read_a_second(self):
        """An answer of more than 2 MB is paid for by the next calls."""
        client = self.connect(retries={"max_attempts": 10, "mode": "standard"})
        for number in range(4):
            client.put_record(StreamName="d", Data=b"x" * 900_000, PartitionKey="k")
        iterator = client.get_shard_iterator(StreamName="d", ShardId=shard(0), ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        with self.refused("ProvisionedThroughputExceededException"):
            for _ in range(100):
                self.client.get_records(ShardIterator=iterator)

    def test_boto3_retries_until_it_is_through(self):
        client = self.connect(retries={"max_attempts": 10, "mode": "standard"})
        iterator = client.get_shard_iterator(StreamName="e", ShardId=shard(0), ShardIteratorType="LATEST")["ShardIterator"]
        for _ in range(8):
            iterator = client.get_records(ShardIterator=iterator)["NextShardIterator"]


class Faults(Boto3Test):
    emulator_options = None
    ORDERED = {
        "operation=GetRecords,action=expired-iterator": ("ExpiredIteratorException", 400, "iterator"),
        "operation=GetRecords,action=throttle": ("ProvisionedThroughputExceededException", 400, ""),
        "operation=GetRecords,action=expired-token": ("ExpiredTokenException", 400, "expired"),
        "operation=GetRecords,action=error": ("InternalFailure", 500, ""),
        "operation=GetRecords,action=error,status=503,code=ServiceUnavailable": ("ServiceUnavailable", 503, ""),
        "operation=GetRecords,action=error,status=400,code=KMSAccessDeniedException": ("KMSAccessDeniedException", 400, ""),
    }

    def setUp(self):
        ToolTest.setUp(self)

    def test_errors_to_order(self):
        for rule, (code, status, message) in self.ORDERED.items():
            with self.subTest(rule=rule):
                emulator = self.another_emulator("--no-limits", "--streams", "s:1", "--fault", rule + ",nth=2")
                client = self.connect(url=emulator.url)
                iterator = client.get_shard_iterator(StreamName="s", ShardId=shard(0), ShardIteratorType="LATEST")["ShardIterator"]
                client.get_records(ShardIterator=iterator)
                with self.refused(code, message, status):
                    client.get_records(ShardIterator=iterator)
                client.get_records(ShardIterator=iterator)

    def test_an_expired_token_of_a_list(self):
        emulator = self.another_emulator("--no-limits", "--streams", "s:3", "--fault", "operation=ListShards,action=expired-iterator,nth=2")
        client = self.connect(url=emulator.url)
        token = client.list_shards(StreamName="s", MaxResults=1)["NextToken"]
        with self.refused("ExpiredNextTokenException"):
            client.list_shards(NextToken=token)

    def test_broken_connections(self):
        for action, stored in (("reset-before", 1), ("reset-after", 2)):
            with self.subTest(action=action):
                emulator = self.another_emulator("--no-limits", "--streams", "s:1", "--fault", f"operation=PutRecord,action={action},nth=1")
                client = self.connect(url=emulator.url)
                with self.assertRaises(botocore.exceptions.HTTPClientError):
                    client.put_record(StreamName="s", Data=b"x", PartitionKey="k")
                client.put_record(StreamName="s", Data=b"x", PartitionKey="k")
                self.assertEqual(stored, len(emulator.accepted("s", stored)))


class Signatures(Boto3Test):
    emulator_options = ("--no-limits", "--streams", "s:1", "--credentials", ":".join(Boto3Test.key), "--credentials", "AKIDOTHER:another")

    def test_right_keys(self):
        self.assertEqual(["s"], self.client.list_streams()["StreamNames"])
        self.assertEqual(["s"], self.connect(("AKIDOTHER", "another")).list_streams()["StreamNames"])

    def test_wrong_secret(self):
        with self.refused("InvalidSignatureException", "signature we calculated does not match"):
            self.connect((self.key[0], "another")).list_streams()

    def test_unknown_key(self):
        with self.refused("UnrecognizedClientException", "security token"):
            self.connect(("AKIDUNKNOWN", self.key[1])).list_streams()

    def test_tampered_body(self):
        def tamper(request, **_):
            request.body = request.body.replace(b"honest", b"forged")
        self.client.meta.events.register("before-send.kinesis.PutRecord", tamper)
        with self.refused("InvalidSignatureException"):
            self.client.put_record(StreamName="s", Data=b"data", PartitionKey="honest")
        self.assertEqual([], self.emulator.accepted("s"))

    def test_tampered_headers(self):
        for name, value in (("X-Amz-Target", b"Kinesis_20131202.DeleteStream"), ("X-Amz-Date", None)):
            with self.subTest(header=name):
                client = self.connect()

                def tamper(request, name=name, value=value, **_):
                    old = request.headers.pop(name)
                    if value is not None:
                        request.headers[name] = value.decode()
                    else:
                        text = old.decode() if isinstance(old, bytes) else old
                        request.headers[name] = text[:-2] + ("0Z" if text[-2] != "0" else "1Z")
                client.meta.events.register("before-send.kinesis.DescribeStreamSummary", tamper)
                with self.refused("InvalidSignatureException"):
                    client.describe_stream_summary(StreamName="s")
        self.assertEqual(["s"], self.client.list_streams()["StreamNames"])

    def test_without_a_signature(self):
        def strip(request, **_):
            del request.headers["Authorization"]
        self.client.meta.events.register("before-send.kinesis.ListStreams", strip)
        with self.refused("MissingAuthenticationTokenException", "Missing Authentication Token"):
            self.client.list_streams()

    def test_half_a_signature(self):
        def cut(request, **_):
            value = request.headers.pop("Authorization")
            value = value.decode() if isinstance(value, bytes) else value
            request.headers["Authorization"] = value.split(", Signature=")[0]
        self.client.meta.events.register("before-send.kinesis.ListStreams", cut)
        with self.refused("IncompleteSignatureException", "Signature"):
            self.client.list_streams()

    def test_another_region(self):
        session = boto3.session.Session(aws_access_key_id=self.key[0], aws_secret_access_key=self.key[1], region_name="eu-west-1")
        client = session.client("kinesis", endpoint_url=self.emulator.url, config=botocore.config.Config(retries={"max_attempts": 0}))
        with self.refused("InvalidSignatureException", "Credential should be scoped to a valid region"):
            client.list_streams()

    @staticmethod
    @contextlib.contextmanager
    def clock(offset):
        """boto3 signs with the time of a machine whose clock is wrong."""
        def now(remove_tzinfo=True):
            time = datetime.datetime.now(datetime.timezone.utc) + offset
            return time.replace(tzinfo=None) if remove_tzinfo else time

        class Skewed(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return now()
        with contextlib.ExitStack() as patches:
            for name in ("botocore.auth", "botocore.crt.auth"):  # the one that signs is the second where awscrt is installed
                try:
                    module = importlib.import_module(name)
                except ImportError:
                    continue
                if hasattr(module, "get_current_datetime"):
                    patches.enter_context(unittest.mock.patch.object(module, "get_current_datetime", now))
                else:
                    fake = types.SimpleNamespace(datetime=Skewed, timedelta=datetime.timedelta, timezone=datetime.timezone)
                    patches.enter_context(unittest.mock.patch.object(module, "datetime", fake))
            yield

    def test_clock_that_is_wrong(self):
        for minutes, message in ((-20, "Signature expired"), (20, "Signature not yet current")):
            with self.subTest(minutes=minutes), self.clock(datetime.timedelta(minutes=minutes)), self.refused("InvalidSignatureException", message):
                self.client.list_streams()

    def test_clock_that_is_nearly_right(self):
        for minutes in (-4, 4):
            with self.subTest(minutes=minutes), self.clock(datetime.timedelta(minutes=minutes)):
                self.assertEqual(["s"], self.client.list_streams()["StreamNames"])

    def test_the_form_is_checked_without_keys_too(self):
        client = self.connect(url=self.another_emulator().url)
        client.list_streams()
        client.meta.events.register("before-send.kinesis.ListStreams", lambda request, **_: request.headers.__delitem__("Authorization"))
        with self.refused("MissingAuthenticationTokenException"):
            client.list_streams()


if __name__ == "__main__":
    unittest.main()
