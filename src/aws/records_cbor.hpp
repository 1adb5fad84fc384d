#pragma once

#include "aws/records.hpp"
#include "core/buffer_pool.hpp"
#include <kinesis/error.hpp>

// PutRecords, GetRecords and fan-out events in CBOR, by code of their own: they carry the data. They write the bytes
// the generic writer would write, and read what it would read: what is unusual is left to it.
namespace kinesis::aws {

// Clients.

/// Appends the body of a PutRecords request.
void write_put_records_cbor(const PutRecordsRequest& request, core::Buffer& out);
Result<PutRecordsResponse> read_put_records_answer_cbor(const Blob& body);
/// Data of the records are parts of `body`.
Result<GetRecordsResponse> read_get_records_cbor(const Blob& body);
Result<SubscribeToShardEvent> read_subscribe_event_cbor(const Blob& payload);

// Servers.

/// Error(invalid_argument) with more than `max_records` entries, Error(protocol) for anything that is no PutRecords
/// request; both with the service code to answer where AWS has one.
Result<PutRecordsView> read_put_records_cbor(const Blob& body, std::size_t max_records = max_put_records);
/// Appends the body of an answer to PutRecords.
void write_put_records_answer_cbor(std::span<const PutRecordsResultView> results, EncryptionType encryption_type,
                                   core::Buffer& out);

/// Appends a record of an answer to GetRecords or of an event. Returns where in `out` its data starts.
std::size_t append_record_cbor(const StoredRecordView& record, core::Buffer& out);
/// Reads one back from the start of `fragments`, which it leaves behind the record. False if that is not such a record.
bool read_record_cbor(BytesView& fragments, StoredRecordView& record);

/// What goes around `records` of them.
RecordsFrame get_records_frame_cbor(std::size_t records, const RecordsEnd& end);
RecordsFrame subscribe_event_frame_cbor(std::size_t records, const RecordsEnd& end);

}  // namespace kinesis::aws
