#pragma once

#include "aws/json_format.hpp"
#include "aws/records.hpp"
#include "core/buffer_pool.hpp"
#include <kinesis/error.hpp>

// PutRecords, GetRecords and fan-out events in JSON, by code of their own: they carry the data. They write the text the
// generic writer would write, and read what it would read: what is unusual is left to it.
namespace kinesis::aws {

// Clients.

/// Appends the body of a PutRecords request.
void write_put_records_json(const PutRecordsRequest& request, core::Buffer& out);
Result<PutRecordsResponse> read_put_records_answer_json(const Blob& body, Padding padding);
/// Data of the records are parts of `room`, into which they are decoded: an empty buffer, best one of a pool.
Result<GetRecordsResponse> read_get_records_json(const Blob& body, Padding padding, core::Buffer room = core::Buffer());
Result<SubscribeToShardEvent> read_subscribe_event_json(const Blob& payload, Padding padding,
                                                        core::Buffer room = core::Buffer());

// Servers.

/// Views are parts of `body` and of `room`, into which data are decoded. Error(invalid_argument) with more than
/// `max_records` entries, Error(protocol) for anything that is no PutRecords request; both with the service code to
/// answer where AWS has one.
Result<PutRecordsView> read_put_records_json(const Blob& body, Padding padding, core::Buffer room = core::Buffer(),
                                             std::size_t max_records = max_put_records);
/// Appends the body of an answer to PutRecords.
void write_put_records_answer_json(std::span<const PutRecordsResultView> results, EncryptionType encryption_type,
                                   core::Buffer& out);

/// Appends a record of an answer to GetRecords or of an event. Those behind the first need a comma in between.
void append_record_json(const StoredRecordView& record, core::Buffer& out);
/// Appends records that append_record_cbor wrote, with commas in between. False if `fragments` is something else.
bool append_records_json(BytesView fragments, core::Buffer& out);

/// What goes around the records, their commas included.
RecordsFrame get_records_frame_json(const RecordsEnd& end);
RecordsFrame subscribe_event_frame_json(const RecordsEnd& end);

}  // namespace kinesis::aws
