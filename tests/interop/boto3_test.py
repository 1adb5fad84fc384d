#!/usr/bin/env python3
"""The emulator as boto3 sees it: every operation it knows, plain and over TLS with verified signatures, with the fields of AWS.

Skipped, with a line that says so, where boto3 is not installed."""

import datetime
import unittest
import unittest.mock

from boto3_settings import SettingsOfStreams
from boto3_support import ACCOUNT, SEQUENCE_NUMBER, TOP, Boto3Test, boto3, botocore, shard
from support import MIB, wait_until


class EveryOperation(SettingsOfStreams):
    """A test for each operation of the API, named after it; some are in boto3_settings."""

    def setUp(self):
        super().setUp()
        operation = self.id().split(".test_")[-1]
        if operation[0].isupper() and operation not in self.operations:
            self.skipTest(f"this boto3 does not know {operation}")

    def test_every_operation_boto3_knows_has_a_test(self):
        self.assertEqual([], [name for name in self.operations if not hasattr(self, f"test_{name}")])

    # Streams.

    def test_CreateStream(self):
        self.answer(self.client.create_stream(StreamName=self.stream, ShardCount=3))
        self.assertEqual(3, len(self.shards()))
        self.client.create_stream(StreamName=self.stream + "-od", StreamModeDetails={"StreamMode": "ON_DEMAND"})
        summary = self.summary(self.stream + "-od")
        self.assertEqual(({"StreamMode": "ON_DEMAND"}, 4), (summary["StreamModeDetails"], summary["OpenShardCount"]))
        with self.refused("ResourceInUseException", self.stream):
            self.client.create_stream(StreamName=self.stream, ShardCount=1)
        with self.refused("ValidationException", "streamName"):
            self.client.create_stream(StreamName="two words", ShardCount=1)
        with self.refused("ValidationException", "streamName"):
            self.client.create_stream(StreamName="x" * 129, ShardCount=1)

    def test_DeleteStream(self):
        self.create_stream()
        self.answer(self.client.delete_stream(StreamName=self.stream))
        with self.refused("ResourceNotFoundException", self.stream):
            self.client.describe_stream(StreamName=self.stream)
        with self.refused("ResourceNotFoundException", f"{self.stream}.*{ACCOUNT}"):
            self.client.delete_stream(StreamName=self.stream)
        self.create_stream()
        self.client.register_stream_consumer(StreamARN=self.arn(), ConsumerName="c")
        with self.refused("ResourceInUseException"):
            self.client.delete_stream(StreamName=self.stream)
        self.client.delete_stream(StreamName=self.stream, EnforceConsumerDeletion=True)

    def test_DescribeStream(self):
        self.create_stream(3)
        description = self.answer(self.client.describe_stream(StreamName=self.stream), "StreamDescription")["StreamDescription"]
        created = description.pop("StreamCreationTimestamp")
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - created).total_seconds()), 300)
        shards = description.pop("Shards")
        expected = {"StreamName": self.stream, "StreamARN": self.arn(), "StreamStatus": "ACTIVE", "StreamModeDetails": {"StreamMode": "PROVISIONED"},
                    "HasMoreShards": False, "RetentionPeriodHours": 24, "EnhancedMonitoring": [{"ShardLevelMetrics": []}], "EncryptionType": "NONE"}
        self.assertEqual(expected, {key: description[key] for key in expected})
        self.assertEqual([shard(0), shard(1), shard(2)], [one["ShardId"] for one in shards])
        for one in shards:
            self.assertEqual({"ShardId", "HashKeyRange", "SequenceNumberRange"}, set(one))
            self.assertEqual(["StartingSequenceNumber"], list(one["SequenceNumberRange"]))
            self.assertRegex(one["SequenceNumberRange"]["StartingSequenceNumber"], SEQUENCE_NUMBER)
        self.assertEqual(("0", str(TOP)), (shards[0]["HashKeyRange"]["StartingHashKey"], shards[-1]["HashKeyRange"]["EndingHashKey"]))
        page = self.client.describe_stream(StreamName=self.stream, Limit=1, ExclusiveStartShardId=shard(0))["StreamDescription"]
        self.assertEqual(([shard(1)], True), ([one["ShardId"] for one in page["Shards"]], page["HasMoreShards"]))

    def test_DescribeStreamSummary(self):
        self.create_stream(2)
        summary = self.answer(self.client.describe_stream_summary(StreamName=self.stream), "StreamDescriptionSummary")["StreamDescriptionSummary"]
        self.assertIsInstance(summary.pop("StreamCreationTimestamp"), datetime.datetime)
        expected = {"StreamName": self.stream, "StreamARN": self.arn(), "StreamStatus": "ACTIVE", "StreamModeDetails": {"StreamMode": "PROVISIONED"},
                    "RetentionPeriodHours": 24, "EnhancedMonitoring": [{"ShardLevelMetrics": []}], "EncryptionType": "NONE", "OpenShardCount": 2,
                    "ConsumerCount": 0}
        self.assertEqual(expected, {key: summary[key] for key in expected})
        if "StreamARN" in self.client.meta.service_model.operation_model("DescribeStreamSummary").input_shape.members:
            by_arn = self.client.describe_stream_summary(StreamARN=self.arn())["StreamDescriptionSummary"]
            self.assertEqual(self.stream, by_arn["StreamName"])
            with self.refused("ValidationException", "StreamARN"):
                self.client.describe_stream_summary(StreamARN="nonsense")

    def test_DescribeLimits(self):
        self.create_stream(2)
        limits = self.answer(self.client.describe_limits(), "ShardLimit", "OpenShardCount", "OnDemandStreamCount", "OnDemandStreamCountLimit")
        self.assertTrue(all(isinstance(value, int) for value in limits.values()))
        self.assertGreaterEqual(limits["OpenShardCount"], 2)
        self.assertGreaterEqual(limits["ShardLimit"], 200)
        self.assertGreaterEqual(limits["OnDemandStreamCountLimit"], 10)

    def test_ListStreams(self):
        names = [f"{self.stream}-{number}" for number in range(3)]
        for name in names:
            self.create_stream(name=name)
        page = self.client.list_streams(Limit=2, ExclusiveStartStreamName=self.stream)
        self.assertEqual((names[:2], True), (page["StreamNames"], page["HasMoreStreams"]))
        page = self.client.list_streams(Limit=2, ExclusiveStartStreamName=names[1])
        self.assertEqual(names[2], page["StreamNames"][0])
        if self.knows("ListStreams", "StreamSummaries"):
            one = page["StreamSummaries"][0]
            self.assertEqual((names[2], self.arn(names[2]), "ACTIVE", {"StreamMode": "PROVISIONED"}),
                             (one["StreamName"], one["StreamARN"], one["StreamStatus"], one["StreamModeDetails"]))
            first = self.client.list_streams(Limit=1, ExclusiveStartStreamName=self.stream)
            second = self.client.list_streams(Limit=1, NextToken=first["NextToken"])
            self.assertEqual(names[:2], first["StreamNames"] + second["StreamNames"])
            with self.refused("InvalidArgumentException"):
                self.client.list_streams(NextToken="nonsense")

    def test_UpdateStreamMode(self):
        self.create_stream(2)
        self.answer(self.client.update_stream_mode(StreamARN=self.arn(), StreamModeDetails={"StreamMode": "ON_DEMAND"}))
        wait_until(lambda: self.summary()["StreamStatus"] == "ACTIVE", "the new mode")
        self.assertEqual({"StreamMode": "ON_DEMAND"}, self.summary()["StreamModeDetails"])
        with self.refused("ValidationException", "on-?demand"):
            self.client.update_shard_count(StreamName=self.stream, TargetShardCount=3, ScalingType="UNIFORM_SCALING")

    # Shards.

    def test_ListShards(self):
        self.create_stream(4)
        self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(0), NewStartingHashKey="1000")
        answer = self.answer(self.client.list_shards(StreamName=self.stream, MaxResults=4), "Shards", "NextToken")
        self.assertEqual([shard(number) for number in range(4)], [one["ShardId"] for one in answer["Shards"]])
        rest = self.answer(self.client.list_shards(NextToken=answer["NextToken"]), "Shards")
        self.assertEqual([shard(4), shard(5)], [one["ShardId"] for one in rest["Shards"]])
        closed, child = answer["Shards"][0], rest["Shards"][0]
        self.assertEqual({"ShardId", "HashKeyRange", "SequenceNumberRange", "ParentShardId"}, set(child))
        self.assertEqual(shard(0), child["ParentShardId"])
        self.assertRegex(closed["SequenceNumberRange"]["EndingSequenceNumber"], SEQUENCE_NUMBER)
        self.assertGreaterEqual(int(closed["SequenceNumberRange"]["EndingSequenceNumber"]), int(closed["SequenceNumberRange"]["StartingSequenceNumber"]))
        self.assertGreater(int(child["SequenceNumberRange"]["StartingSequenceNumber"]), int(closed["SequenceNumberRange"]["EndingSequenceNumber"]))
        everything, tip = [shard(number) for number in range(6)], [shard(number) for number in range(1, 6)]
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=1)  # boto3 cuts off the rest
        wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) > now, "the next second")
        for filter, wanted in (({"Type": "AT_LATEST"}, tip), ({"Type": "AT_TRIM_HORIZON"}, everything[:4]), ({"Type": "FROM_TRIM_HORIZON"}, everything),
                               ({"Type": "AT_TIMESTAMP", "Timestamp": now}, tip), ({"Type": "FROM_TIMESTAMP", "Timestamp": now}, tip),
                               ({"Type": "AFTER_SHARD_ID", "ShardId": shard(3)}, everything[4:])):
            with self.subTest(filter=filter["Type"]):
                self.assertEqual(wanted, [one["ShardId"] for one in self.shards(ShardFilter=filter)])
        self.assertEqual(everything[3:], [one["ShardId"] for one in self.shards(ExclusiveStartShardId=shard(2))])
        with self.refused("InvalidArgumentException", "NextToken"):
            self.client.list_shards(StreamName=self.stream, NextToken=answer["NextToken"])
        with self.refused("InvalidArgumentException"):
            self.client.list_shards(NextToken="nonsense")
        with self.refused("ResourceNotFoundException", "absent"):
            self.client.list_shards(StreamName="absent")

    def test_SplitShard(self):
        self.create_stream()
        self.answer(self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(0), NewStartingHashKey=str(2**127)))
        parent, left, right = self.shards()
        self.assertEqual({"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)}, left["HashKeyRange"])
        self.assertEqual({"StartingHashKey": str(2**127), "EndingHashKey": str(TOP)}, right["HashKeyRange"])
        self.assertIn("EndingSequenceNumber", parent["SequenceNumberRange"])
        with self.refused("InvalidArgumentException"):
            self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(1), NewStartingHashKey=str(TOP))
        with self.refused("ResourceNotFoundException", shard(9)):
            self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(9), NewStartingHashKey="1")
        with self.refused("ValidationException", "newStartingHashKey"):
            self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(1), NewStartingHashKey="one")

    def test_MergeShards(self):
        self.create_stream(3)
        with self.refused("InvalidArgumentException", "adjacent"):
            self.client.merge_shards(StreamName=self.stream, ShardToMerge=shard(0), AdjacentShardToMerge=shard(2))
        self.answer(self.client.merge_shards(StreamName=self.stream, ShardToMerge=shard(0), AdjacentShardToMerge=shard(1)))
        child = self.shards()[3]
        self.assertEqual((shard(0), shard(1)), (child["ParentShardId"], child["AdjacentParentShardId"]))
        self.assertEqual("0", child["HashKeyRange"]["StartingHashKey"])

    def test_UpdateShardCount(self):
        self.create_stream(2)
        answer = self.client.update_shard_count(StreamName=self.stream, TargetShardCount=3, ScalingType="UNIFORM_SCALING")
        members = ["StreamName", "CurrentShardCount", "TargetShardCount"] + ["StreamARN"] * self.knows("UpdateShardCount", "StreamARN")
        answer = self.answer(answer, *members)
        self.assertEqual((self.stream, 2, 3), (answer["StreamName"], answer["CurrentShardCount"], answer["TargetShardCount"]))
        self.assertEqual(3, self.summary()["OpenShardCount"])
        ranges = sorted((int(one["HashKeyRange"]["StartingHashKey"]), int(one["HashKeyRange"]["EndingHashKey"]))
                        for one in self.shards(ShardFilter={"Type": "AT_LATEST"}))
        self.assertEqual([0, *(end + 1 for _, end in ranges[:-1])], [start for start, _ in ranges])
        self.assertEqual(TOP, ranges[-1][1])
        with self.refused("InvalidArgumentException|LimitExceededException", "double"):
            self.client.update_shard_count(StreamName=self.stream, TargetShardCount=7, ScalingType="UNIFORM_SCALING")

    # Records.

    def test_PutRecord(self):
        self.create_stream(2)
        answer = self.answer(self.client.put_record(StreamName=self.stream, Data=b"\x00\xff", PartitionKey="k"), "ShardId", "SequenceNumber", "EncryptionType")
        self.assertRegex(answer["SequenceNumber"], SEQUENCE_NUMBER)
        self.assertEqual("NONE", answer["EncryptionType"])
        for key, wanted in (("0", shard(0)), (str(TOP), shard(1))):
            answer = self.client.put_record(StreamName=self.stream, Data=b"", PartitionKey="k", ExplicitHashKey=key)
            self.assertEqual(wanted, answer["ShardId"])
        later = self.client.put_record(StreamName=self.stream, Data=b"x", PartitionKey="k", ExplicitHashKey=str(TOP),
                                       SequenceNumberForOrdering=answer["SequenceNumber"])
        self.assertGreater(int(later["SequenceNumber"]), int(answer["SequenceNumber"]))
        self.client.put_record(StreamName=self.stream, Data=b"x" * (MIB - 1), PartitionKey="k")
        for error, change in (("ValidationException", {"Data": b"x" * (MIB + 1)}), ("ValidationException", {"PartitionKey": "k" * 257}),
                              ("InvalidArgumentException", {"ExplicitHashKey": str(TOP + 1)}), ("ValidationException", {"ExplicitHashKey": "x"}),
                              ("InvalidArgumentException", {"SequenceNumberForOrdering": "9" * 56})):
            with self.subTest(change=str(change)[:60]), self.refused(error):
                self.client.put_record(**{"StreamName": self.stream, "Data": b"x", "PartitionKey": "k", **change})
        with self.refused("ResourceNotFoundException", "absent"):
            self.client.put_record(StreamName="absent", Data=b"x", PartitionKey="k")

    def test_PutRecords(self):
        self.create_stream(2)
        records = [{"Data": b"%d" % number, "PartitionKey": f"key-{number}"} for number in range(500)]
        answer = self.answer(self.client.put_records(StreamName=self.stream, Records=records), "FailedRecordCount", "Records", "EncryptionType")
        self.assertEqual((0, "NONE", 500), (answer["FailedRecordCount"], answer["EncryptionType"], len(answer["Records"])))
        for one in answer["Records"]:
            self.assertEqual({"SequenceNumber", "ShardId"}, set(one))
        stored = {}
        for shard_id in (shard(0), shard(1)):
            for record in self.read(shard_id)["Records"]:
                stored[shard_id, record["SequenceNumber"]] = record["Data"], record["PartitionKey"]
        for one, record in zip(answer["Records"], records):
            self.assertEqual((record["Data"], record["PartitionKey"]), stored.pop((one["ShardId"], one["SequenceNumber"])))
        self.assertEqual({}, stored)
        with self.refused("ValidationException", "records.*less than or equal to 500"):
            self.client.put_records(StreamName=self.stream, Records=records + records[:1])
        with self.refused("ValidationException"):
            self.client.put_records(StreamName=self.stream, Records=[{"Data": b"x" * (MIB + 1), "PartitionKey": "k"}])
        with self.refused("InvalidArgumentException"):
            self.client.put_records(StreamName=self.stream, Records=[{"Data": b"x" * 1_000_000, "PartitionKey": "k"}] * 11)

    def test_GetShardIterator(self):
        self.create_stream()
        put = [self.client.put_record(StreamName=self.stream, Data=b"%d" % number, PartitionKey="k")["SequenceNumber"] for number in range(4)]
        answer = self.answer(self.client.get_shard_iterator(StreamName=self.stream, ShardId=shard(0), ShardIteratorType="TRIM_HORIZON"), "ShardIterator")
        self.assertLessEqual(len(answer["ShardIterator"]), 512)
        arrived = self.read()["Records"][2]["ApproximateArrivalTimestamp"]
        for kind, more, wanted in (("TRIM_HORIZON", {}, put), ("LATEST", {}, []), ("AT_SEQUENCE_NUMBER", {"StartingSequenceNumber": put[1]}, put[1:]),
                                   ("AFTER_SEQUENCE_NUMBER", {"StartingSequenceNumber": put[1]}, put[2:]),
                                   ("AT_TIMESTAMP", {"Timestamp": arrived - datetime.timedelta(hours=1)}, put)):
            with self.subTest(kind=kind, more=more):
                self.assertEqual(wanted, [record["SequenceNumber"] for record in self.read(kind=kind, **more)["Records"]])
        latest = self.iterator(kind="LATEST")
        new = self.client.put_record(StreamName=self.stream, Data=b"new", PartitionKey="k")["SequenceNumber"]
        self.assertEqual([new], [record["SequenceNumber"] for record in self.client.get_records(ShardIterator=latest)["Records"]])
        for error, kind, more in (("InvalidArgumentException", "AT_SEQUENCE_NUMBER", {}), ("InvalidArgumentException", "AT_TIMESTAMP", {}),
                                  ("InvalidArgumentException", "AT_SEQUENCE_NUMBER", {"StartingSequenceNumber": "9" * 56}),
                                  ("InvalidArgumentException", "AT_TIMESTAMP", {"Timestamp": datetime.datetime.now() + datetime.timedelta(days=2)}),
                                  ("ValidationException", "NONSENSE", {}), ("ValidationException", "AT_SEQUENCE_NUMBER", {"StartingSequenceNumber": "x"})):
            with self.subTest(kind=kind, more=more), self.refused(error):
                self.iterator(kind=kind, **more)
        with self.refused("ResourceNotFoundException", shard(7)):
            self.iterator(shard(7))

    def test_GetRecords(self):
        self.create_stream()
        put = [self.client.put_record(StreamName=self.stream, Data=bytes([number, 255]), PartitionKey=f"k{number}")["SequenceNumber"] for number in range(5)]
        answer = self.answer(self.read(), "Records", "NextShardIterator", "MillisBehindLatest")
        self.assertEqual(0, answer["MillisBehindLatest"])
        for number, (record, sequence_number) in enumerate(zip(answer["Records"], put, strict=True)):
            self.assertLessEqual({"SequenceNumber", "ApproximateArrivalTimestamp", "Data", "PartitionKey"}, set(record))
            self.assertEqual((sequence_number, bytes([number, 255]), f"k{number}"), (record["SequenceNumber"], record["Data"], record["PartitionKey"]))
            self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - record["ApproximateArrivalTimestamp"]).total_seconds()), 300)
        page = self.client.get_records(ShardIterator=self.iterator(), Limit=2)
        self.assertEqual(put[:2], [record["SequenceNumber"] for record in page["Records"]])
        self.assertGreaterEqual(page["MillisBehindLatest"], 0)
        page = self.client.get_records(ShardIterator=page["NextShardIterator"], Limit=10)
        self.assertEqual(put[2:], [record["SequenceNumber"] for record in page["Records"]])
        page = self.client.get_records(ShardIterator=page["NextShardIterator"])
        self.assertEqual(([], True), (page["Records"], "NextShardIterator" in page))
        self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(0), NewStartingHashKey=str(2**127))
        end = self.answer(self.client.get_records(ShardIterator=page["NextShardIterator"]), "Records", "MillisBehindLatest", "ChildShards")
        self.assertEqual([{"ShardId": shard(1), "ParentShards": [shard(0)], "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)}},
                          {"ShardId": shard(2), "ParentShards": [shard(0)], "HashKeyRange": {"StartingHashKey": str(2**127), "EndingHashKey": str(TOP)}}],
                         end["ChildShards"])
        with self.refused("InvalidArgumentException", "iterator"):
            self.client.get_records(ShardIterator="nonsense")
        for limit in (0, 10_001):
            with self.subTest(limit=limit):
                try:
                    with self.refused("ValidationException", "limit"):
                        self.client.get_records(ShardIterator=self.iterator(shard(1)), Limit=limit)
                except botocore.exceptions.ParamValidationError:
                    pass  # boto3 itself refuses 0

    def test_SubscribeToShard(self):
        self.create_stream()
        consumer = self.client.register_stream_consumer(StreamARN=self.arn(), ConsumerName="c")["Consumer"]["ConsumerARN"]
        put = self.client.put_record(StreamName=self.stream, Data=b"\x00one\xff", PartitionKey="k")

        def subscribe(shard_id=shard(0), **position):
            return self.client.subscribe_to_shard(ConsumerARN=consumer, ShardId=shard_id, StartingPosition=position or {"Type": "TRIM_HORIZON"})

        with self.refused("ResourceNotFoundException", shard(7)):
            subscribe(shard(7))
        # botocore itself wants an initial response first.
        stream = self.answer(subscribe(), "EventStream")["EventStream"]
        with self.refused("(ResourceInUse|LimitExceeded)Exception"):
            subscribe()
        events = iter(stream)
        first = next(events)["SubscribeToShardEvent"]
        self.assertEqual([(b"\x00one\xff", "k", put["SequenceNumber"])],
                         [(one["Data"], one["PartitionKey"], one["SequenceNumber"]) for one in first["Records"]])
        self.assertEqual((put["SequenceNumber"], 0), (first["ContinuationSequenceNumber"], first["MillisBehindLatest"]))
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - first["Records"][0]["ApproximateArrivalTimestamp"]).total_seconds()), 300)
        heartbeat = next(events)["SubscribeToShardEvent"]
        self.assertEqual(([], 0), (heartbeat["Records"], heartbeat["MillisBehindLatest"]))
        self.assertRegex(heartbeat["ContinuationSequenceNumber"], SEQUENCE_NUMBER)
        # That one came after five seconds: another subscription takes over.
        second = iter(subscribe(Type="AFTER_SEQUENCE_NUMBER", SequenceNumber=heartbeat["ContinuationSequenceNumber"])["EventStream"])
        with self.assertRaises(botocore.exceptions.EventStreamError) as caught:
            for _ in events:
                pass
        self.assertEqual("ResourceInUseException", caught.exception.response["Error"]["Code"])
        self.assertIn(consumer, caught.exception.response["Error"]["Message"])
        self.client.put_record(StreamName=self.stream, Data=b"two", PartitionKey="k")
        self.assertEqual([b"two"], [one["Data"] for one in next(second)["SubscribeToShardEvent"]["Records"]])
        self.client.split_shard(StreamName=self.stream, ShardToSplit=shard(0), NewStartingHashKey=str(2**127))
        last = next(second)["SubscribeToShardEvent"]
        self.assertEqual(([], [shard(1), shard(2)]), (last["Records"], [child["ShardId"] for child in last["ChildShards"]]))
        self.assertNotIn("ContinuationSequenceNumber", last)
        self.assertEqual([], list(second))


class Plain(EveryOperation, Boto3Test):
    pass


class Tls(EveryOperation, Boto3Test):
    """The same over TLS, with signatures verified."""

    emulator_options = ("--no-limits", "--tls", "--ca-out", "ca.pem", "--credentials", ":".join(Boto3Test.key))

    def bundle(self):
        return str(self.emulator.folder / "ca.pem")

    def test_the_certificate_is_checked(self):
        with self.assertRaises(botocore.exceptions.SSLError):
            self.connect(verify=True).list_streams()

    def test_bundle_from_the_environment(self):
        with unittest.mock.patch.dict("os.environ", AWS_CA_BUNDLE=self.bundle()):
            session = boto3.session.Session(aws_access_key_id=self.key[0], aws_secret_access_key=self.key[1], region_name="us-east-1")
            self.assertIn("StreamNames", session.client("kinesis", endpoint_url=self.emulator.url).list_streams())


if __name__ == "__main__":
    unittest.main()
