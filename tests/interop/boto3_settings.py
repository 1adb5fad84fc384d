"""Operations that change what a stream or an account is set to; a part of boto3_test."""

import boto3_support  # noqa: F401: it finds what the tests of the tool share
from support import MIB, wait_until


class SettingsOfStreams:
    """Tests named after their operations, for a class that has the client."""

    # Retention, tags, monitoring, encryption.

    def test_IncreaseStreamRetentionPeriod(self):
        self.create_stream()
        self.answer(self.client.increase_stream_retention_period(StreamName=self.stream, RetentionPeriodHours=8760))
        self.assertEqual(8760, self.summary()["RetentionPeriodHours"])
        for hours in (8761, 48):
            with self.subTest(hours=hours), self.refused("InvalidArgumentException"):
                self.client.increase_stream_retention_period(StreamName=self.stream, RetentionPeriodHours=hours)

    def test_DecreaseStreamRetentionPeriod(self):
        self.create_stream()
        self.client.increase_stream_retention_period(StreamName=self.stream, RetentionPeriodHours=48)
        self.answer(self.client.decrease_stream_retention_period(StreamName=self.stream, RetentionPeriodHours=25))
        self.assertEqual(25, self.summary()["RetentionPeriodHours"])
        for hours in (23, 100):
            with self.subTest(hours=hours), self.refused("InvalidArgumentException"):
                self.client.decrease_stream_retention_period(StreamName=self.stream, RetentionPeriodHours=hours)

    def test_AddTagsToStream(self):
        self.create_stream()
        self.answer(self.client.add_tags_to_stream(StreamName=self.stream, Tags={"team": "blue", "stage": "test"}))
        self.client.add_tags_to_stream(StreamName=self.stream, Tags={"team": "green"})
        self.assertEqual([{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "green"}], self.tags())
        with self.refused("InvalidArgumentException"):
            for number in range(6):
                self.client.add_tags_to_stream(StreamName=self.stream, Tags={f"t{number}-{one}": "" for one in range(10)})

    def tags(self, **page):
        return self.client.list_tags_for_stream(StreamName=self.stream, **page)["Tags"]

    def test_ListTagsForStream(self):
        self.create_stream()
        self.assertEqual({"Tags": [], "HasMoreTags": False}, self.answer(self.client.list_tags_for_stream(StreamName=self.stream), "Tags", "HasMoreTags"))
        self.client.add_tags_to_stream(StreamName=self.stream, Tags={f"t{number}": str(number) for number in range(5)})
        page = self.client.list_tags_for_stream(StreamName=self.stream, Limit=2)
        self.assertEqual((["t0", "t1"], True), ([tag["Key"] for tag in page["Tags"]], page["HasMoreTags"]))
        self.assertEqual(["t2", "t3", "t4"], [tag["Key"] for tag in self.tags(ExclusiveStartTagKey="t1")])

    def test_RemoveTagsFromStream(self):
        self.create_stream()
        self.client.add_tags_to_stream(StreamName=self.stream, Tags={"a": "1", "b": "2"})
        self.answer(self.client.remove_tags_from_stream(StreamName=self.stream, TagKeys=["a", "absent"]))
        self.assertEqual([{"Key": "b", "Value": "2"}], self.tags())

    def test_TagResource(self):
        self.create_stream()
        self.answer(self.client.tag_resource(ResourceARN=self.arn(), Tags={"team": "blue"}))
        self.assertEqual([{"Key": "team", "Value": "blue"}], self.tags())

    def test_UntagResource(self):
        self.create_stream()
        self.client.tag_resource(ResourceARN=self.arn(), Tags={"a": "1", "b": "2"})
        self.answer(self.client.untag_resource(ResourceARN=self.arn(), TagKeys=["b"]))
        self.assertEqual([{"Key": "a", "Value": "1"}], self.tags())

    def test_ListTagsForResource(self):
        self.create_stream()
        self.client.tag_resource(ResourceARN=self.arn(), Tags={"a": "1"})
        self.assertEqual([{"Key": "a", "Value": "1"}], self.answer(self.client.list_tags_for_resource(ResourceARN=self.arn()), "Tags")["Tags"])
        consumer = self.client.register_stream_consumer(StreamARN=self.arn(), ConsumerName="c", Tags={"of": "consumer"})["Consumer"]["ConsumerARN"]
        self.assertEqual([{"Key": "of", "Value": "consumer"}], self.client.list_tags_for_resource(ResourceARN=consumer)["Tags"])

    def test_EnableEnhancedMonitoring(self):
        self.create_stream()
        members = ["StreamName", "CurrentShardLevelMetrics", "DesiredShardLevelMetrics"] + ["StreamARN"] * self.knows("EnableEnhancedMonitoring", "StreamARN")
        answer = self.answer(self.client.enable_enhanced_monitoring(StreamName=self.stream, ShardLevelMetrics=["IncomingBytes", "OutgoingBytes"]), *members)
        self.assertEqual((self.stream, [], ["IncomingBytes", "OutgoingBytes"]),
                         (answer["StreamName"], answer["CurrentShardLevelMetrics"], sorted(answer["DesiredShardLevelMetrics"])))
        self.assertEqual(["IncomingBytes", "OutgoingBytes"], sorted(self.summary()["EnhancedMonitoring"][0]["ShardLevelMetrics"]))
        self.client.enable_enhanced_monitoring(StreamName=self.stream, ShardLevelMetrics=["ALL"])
        self.assertEqual(7, len(self.summary()["EnhancedMonitoring"][0]["ShardLevelMetrics"]))

    def test_DisableEnhancedMonitoring(self):
        self.create_stream()
        self.client.enable_enhanced_monitoring(StreamName=self.stream, ShardLevelMetrics=["IncomingBytes", "OutgoingBytes"])
        members = ["StreamName", "CurrentShardLevelMetrics", "DesiredShardLevelMetrics"] + ["StreamARN"] * self.knows("DisableEnhancedMonitoring", "StreamARN")
        answer = self.answer(self.client.disable_enhanced_monitoring(StreamName=self.stream, ShardLevelMetrics=["IncomingBytes"]), *members)
        self.assertEqual((["IncomingBytes", "OutgoingBytes"], ["OutgoingBytes"]),
                         (sorted(answer["CurrentShardLevelMetrics"]), answer["DesiredShardLevelMetrics"]))

    def test_StartStreamEncryption(self):
        self.create_stream()
        self.answer(self.client.start_stream_encryption(StreamName=self.stream, EncryptionType="KMS", KeyId="alias/aws/kinesis"))
        wait_until(lambda: self.summary()["StreamStatus"] == "ACTIVE", "encryption")
        summary = self.summary()
        self.assertEqual(("KMS", "alias/aws/kinesis"), (summary["EncryptionType"], summary["KeyId"]))
        self.assertEqual("KMS", self.client.put_record(StreamName=self.stream, Data=b"x", PartitionKey="k")["EncryptionType"])
        self.assertEqual("KMS", self.read()["Records"][0]["EncryptionType"])

    def test_StopStreamEncryption(self):
        self.create_stream()
        self.client.start_stream_encryption(StreamName=self.stream, EncryptionType="KMS", KeyId="alias/aws/kinesis")
        wait_until(lambda: self.summary()["StreamStatus"] == "ACTIVE", "encryption")
        self.answer(self.client.stop_stream_encryption(StreamName=self.stream, EncryptionType="KMS", KeyId="alias/aws/kinesis"))
        wait_until(lambda: self.summary()["StreamStatus"] == "ACTIVE", "its end")
        self.assertEqual("NONE", self.summary()["EncryptionType"])
        self.assertNotIn("KeyId", self.summary())

    # Consumers.

    def register(self, name="c"):
        return self.client.register_stream_consumer(StreamARN=self.arn(), ConsumerName=name)["Consumer"]

    def test_RegisterStreamConsumer(self):
        self.create_stream()
        consumer = self.answer(self.client.register_stream_consumer(StreamARN=self.arn(), ConsumerName="c"), "Consumer")["Consumer"]
        self.assertEqual({"ConsumerName", "ConsumerARN", "ConsumerStatus", "ConsumerCreationTimestamp"}, set(consumer))
        created = int(consumer["ConsumerCreationTimestamp"].timestamp())
        self.assertEqual(("c", f"{self.arn()}/consumer/c:{created}"), (consumer["ConsumerName"], consumer["ConsumerARN"]))
        self.assertIn(consumer["ConsumerStatus"], ("CREATING", "ACTIVE"))
        self.assertEqual(1, self.summary()["ConsumerCount"])
        with self.refused("ResourceInUseException", "c"):
            self.register()
        for number in range(19):
            self.register(f"c{number}")
        with self.refused("LimitExceededException"):
            self.register("one-too-many")

    def test_DescribeStreamConsumer(self):
        self.create_stream()
        consumer = self.register()
        wait_until(lambda: self.client.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE", "it")
        for how in ({"ConsumerARN": consumer["ConsumerARN"]}, {"StreamARN": self.arn(), "ConsumerName": "c"}):
            description = self.answer(self.client.describe_stream_consumer(**how), "ConsumerDescription")["ConsumerDescription"]
            self.assertEqual({**consumer, "ConsumerStatus": "ACTIVE", "StreamARN": self.arn()}, description)
        with self.refused("ResourceNotFoundException", "absent"):
            self.client.describe_stream_consumer(StreamARN=self.arn(), ConsumerName="absent")

    def test_ListStreamConsumers(self):
        self.create_stream()
        self.assertEqual([], self.answer(self.client.list_stream_consumers(StreamARN=self.arn()), "Consumers")["Consumers"])
        for name in ("a", "b", "c"):
            self.register(name)
        page = self.answer(self.client.list_stream_consumers(StreamARN=self.arn(), MaxResults=2), "Consumers", "NextToken")
        rest = self.answer(self.client.list_stream_consumers(StreamARN=self.arn(), NextToken=page["NextToken"]), "Consumers")
        self.assertEqual(["a", "b", "c"], sorted(one["ConsumerName"] for one in page["Consumers"] + rest["Consumers"]))

    def test_DeregisterStreamConsumer(self):
        self.create_stream()
        consumer = self.register()
        self.answer(self.client.deregister_stream_consumer(ConsumerARN=consumer["ConsumerARN"]))
        wait_until(lambda: not self.client.list_stream_consumers(StreamARN=self.arn())["Consumers"], "its end")
        with self.refused("ResourceNotFoundException"):
            self.client.deregister_stream_consumer(StreamARN=self.arn(), ConsumerName="c")

    # Policies, sizes, account.

    POLICY = '{"Version":"2012-10-17","Statement":[]}'

    def test_PutResourcePolicy(self):
        self.create_stream()
        self.answer(self.client.put_resource_policy(ResourceARN=self.arn(), Policy=self.POLICY))
        with self.refused("ResourceNotFoundException"):
            self.client.put_resource_policy(ResourceARN=self.arn("absent"), Policy=self.POLICY)

    def test_GetResourcePolicy(self):
        self.create_stream()
        self.client.put_resource_policy(ResourceARN=self.arn(), Policy=self.POLICY)
        self.assertEqual(self.POLICY, self.answer(self.client.get_resource_policy(ResourceARN=self.arn()), "Policy")["Policy"])

    def test_DeleteResourcePolicy(self):
        self.create_stream()
        self.client.put_resource_policy(ResourceARN=self.arn(), Policy=self.POLICY)
        self.answer(self.client.delete_resource_policy(ResourceARN=self.arn()))
        try:
            self.assertIn(self.client.get_resource_policy(ResourceARN=self.arn())["Policy"], ("", "{}"))
        except self.client.exceptions.ResourceNotFoundException:
            pass

    def test_UpdateMaxRecordSize(self):
        self.create_stream()
        with self.refused("ValidationException"):
            self.client.put_record(StreamName=self.stream, Data=b"x" * (2 * MIB), PartitionKey="k")
        self.answer(self.client.update_max_record_size(StreamARN=self.arn(), MaxRecordSizeInKiB=4096))
        wait_until(lambda: self.summary()["StreamStatus"] == "ACTIVE", "the new size")
        self.assertEqual(4096, self.summary()["MaxRecordSizeInKiB"])
        self.client.put_record(StreamName=self.stream, Data=b"x" * (2 * MIB), PartitionKey="k")
        with self.refused("ValidationException"):
            self.client.update_max_record_size(StreamARN=self.arn(), MaxRecordSizeInKiB=10241)

    def test_UpdateStreamWarmThroughput(self):
        self.client.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
        self.client.create_stream(StreamName=self.stream, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        wait_until(lambda: self.summary()["StreamStatus"] == "ACTIVE", "the stream")
        answer = self.client.update_stream_warm_throughput(StreamARN=self.arn(), WarmThroughputMiBps=10)
        self.assertEqual((self.arn(), self.stream), (answer["StreamARN"], answer["StreamName"]))
        self.assertEqual(10, answer["WarmThroughput"]["TargetMiBps"])

    def test_DescribeAccountSettings(self):
        answer = self.answer(self.client.describe_account_settings(), "MinimumThroughputBillingCommitment")
        self.assertIn("Status", answer["MinimumThroughputBillingCommitment"])

    def test_UpdateAccountSettings(self):
        answer = self.client.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
        self.assertIn("Status", answer["MinimumThroughputBillingCommitment"])
