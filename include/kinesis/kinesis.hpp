#pragma once

// Everything, for a first program. Larger programs include what they use.
#include <kinesis/bytes.hpp>
#include <kinesis/checkpointing.hpp>
#include <kinesis/client.hpp>
#include <kinesis/clock.hpp>
#include <kinesis/codec.hpp>
#include <kinesis/consumer.hpp>
#include <kinesis/credentials.hpp>
#include <kinesis/diagnostics.hpp>
#include <kinesis/error.hpp>
#include <kinesis/fetch_mode.hpp>
#include <kinesis/histogram.hpp>
#include <kinesis/identifiers.hpp>
#include <kinesis/kinesis_api.hpp>
#include <kinesis/lease.hpp>
#include <kinesis/lease_repositories.hpp>
#include <kinesis/log.hpp>
#include <kinesis/producer.hpp>
#include <kinesis/producer_listener.hpp>
#include <kinesis/producer_metrics.hpp>
#include <kinesis/record.hpp>
#include <kinesis/retry.hpp>
