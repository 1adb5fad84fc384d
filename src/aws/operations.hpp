#pragma once

// Every operation as X(Operation, function), for what has one of something for each of them: descriptions, clients,
// dispatch tables, tests.

// PutRecords and GetRecords have codecs of their own; all others are plain.
#define KINESIS_OPERATIONS(X) \
  X(PutRecords, put_records)  \
  X(GetRecords, get_records)  \
  KINESIS_PLAIN_OPERATIONS(X)

#define KINESIS_PLAIN_OPERATIONS(X)                                                     \
  X(PutRecord, put_record)                                                              \
  X(GetShardIterator, get_shard_iterator)                                               \
  X(CreateStream, create_stream)                                                        \
  X(DeleteStream, delete_stream)                                                        \
  X(DescribeStream, describe_stream)                                                    \
  X(DescribeStreamSummary, describe_stream_summary)                                     \
  X(ListStreams, list_streams)                                                          \
  X(ListShards, list_shards)                                                            \
  X(SplitShard, split_shard)                                                            \
  X(MergeShards, merge_shards)                                                          \
  X(UpdateShardCount, update_shard_count)                                               \
  X(UpdateStreamMode, update_stream_mode)                                               \
  X(RegisterStreamConsumer, register_stream_consumer)                                   \
  X(DeregisterStreamConsumer, deregister_stream_consumer)                               \
  X(DescribeStreamConsumer, describe_stream_consumer)                                   \
  X(ListStreamConsumers, list_stream_consumers)                                         \
  X(IncreaseStreamRetentionPeriod, increase_stream_retention_period)                    \
  X(DecreaseStreamRetentionPeriod, decrease_stream_retention_period)                    \
  X(StartStreamEncryption, start_stream_encryption)                                     \
  X(StopStreamEncryption, stop_stream_encryption)                                       \
  X(EnableEnhancedMonitoring, enable_enhanced_monitoring)                               \
  X(DisableEnhancedMonitoring, disable_enhanced_monitoring)                             \
  X(DescribeLimits, describe_limits)                                                    \
  X(DescribeAccountSettings, describe_account_settings)                                 \
  X(UpdateAccountSettings, update_account_settings)                                     \
  X(UpdateMaxRecordSize, update_max_record_size)                                        \
  X(UpdateStreamWarmThroughput, update_stream_warm_throughput)                          \
  X(UpdateStreamRecordDistributionStrategy, update_stream_record_distribution_strategy) \
  X(AddTagsToStream, add_tags_to_stream)                                                \
  X(RemoveTagsFromStream, remove_tags_from_stream)                                      \
  X(ListTagsForStream, list_tags_for_stream)                                            \
  X(TagResource, tag_resource)                                                          \
  X(UntagResource, untag_resource)                                                      \
  X(ListTagsForResource, list_tags_for_resource)                                        \
  X(PutResourcePolicy, put_resource_policy)                                             \
  X(GetResourcePolicy, get_resource_policy)                                             \
  X(DeleteResourcePolicy, delete_resource_policy)

#define DYNAMODB_OPERATIONS(X)                              \
  X(GetItem, get_item)                                      \
  X(PutItem, put_item)                                      \
  X(UpdateItem, update_item)                                \
  X(DeleteItem, delete_item)                                \
  X(Query, query)                                           \
  X(Scan, scan)                                             \
  X(TransactWriteItems, transact_write_items)               \
  X(CreateTable, create_table)                              \
  X(DescribeTable, describe_table)                          \
  X(UpdateTable, update_table)                              \
  X(DeleteTable, delete_table)                              \
  X(ListTables, list_tables)                                \
  X(UpdateContinuousBackups, update_continuous_backups)     \
  X(DescribeContinuousBackups, describe_continuous_backups) \
  X(UpdateTimeToLive, update_time_to_live)                  \
  X(DescribeTimeToLive, describe_time_to_live)              \
  X(TagResource, tag_resource)                              \
  X(ListTagsOfResource, list_tags_of_resource)

#define CLOUDWATCH_OPERATIONS(X) X(PutMetricData, put_metric_data)

#define STS_OPERATIONS(X)                                     \
  X(AssumeRole, assume_role)                                  \
  X(AssumeRoleWithWebIdentity, assume_role_with_web_identity) \
  X(GetCallerIdentity, get_caller_identity)
