#include "core/async.hpp"
#include "core/worker_thread.hpp"
#include "leases/sqlite_database.hpp"
#include <kinesis/lease_repositories.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace kinesis {
namespace {

using leases::SqliteDatabase;
using leases::SqliteStatement;
using leases::SqliteTransaction;

// "KNLS": a SQLite file with this application_id holds leases.
constexpr std::int32_t lease_file_id = 0x4B4E4C53;

constexpr const char* create_table = R"(
CREATE TABLE IF NOT EXISTS leases (
  application TEXT NOT NULL,
  leaseKey TEXT NOT NULL,
  leaseOwner TEXT,
  leaseCounter INTEGER NOT NULL,
  ownerSwitchesSinceCheckpoint INTEGER NOT NULL,
  checkpoint TEXT NOT NULL,
  checkpointSubSequenceNumber INTEGER NOT NULL,
  pendingCheckpoint TEXT,
  pendingCheckpointSubSequenceNumber INTEGER,
  pendingCheckpointState BLOB,
  parentShardId TEXT NOT NULL,
  childShardIds TEXT NOT NULL,
  startingHashKey TEXT,
  endingHashKey TEXT,
  checkpointOwner TEXT,
  throughputKBps REAL,
  PRIMARY KEY (application, leaseKey)
) WITHOUT ROWID)";

constexpr const char* columns =
    "leaseKey, leaseOwner, leaseCounter, ownerSwitchesSinceCheckpoint, checkpoint, checkpointSubSequenceNumber, "
    "pendingCheckpoint, "
    "pendingCheckpointSubSequenceNumber, pendingCheckpointState, parentShardId, childShardIds, startingHashKey, "
    "endingHashKey, "
    "checkpointOwner, throughputKBps";

// Shard ids have no commas: [a-zA-Z0-9_.-].
std::string join(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) {
    if (!text.empty()) text += ',';
    text += id;
  }
  return text;
}
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> ids;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    ids.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return ids;
}

std::optional<std::string> optional_text(const SqliteStatement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}

Lease read_lease(const SqliteStatement& row) {
  Lease lease(row.text(0));
  lease.owner = optional_text(row, 1);
  lease.counter = row.integer(2);
  lease.owner_switches_since_checkpoint = row.integer(3);
  lease.checkpoint = Checkpoint::parse(row.text(4), static_cast<std::uint64_t>(row.integer(5))).value();
  if (!row.is_null(6))
    lease.pending_checkpoint = Checkpoint::parse(row.text(6), static_cast<std::uint64_t>(row.integer(7))).value();
  if (!row.is_null(8)) lease.pending_checkpoint_state = Blob(row.text(8));
  lease.parent_shard_ids = split(row.text(9));
  lease.child_shard_ids = split(row.text(10));
  lease.starting_hash_key = optional_text(row, 11);
  lease.ending_hash_key = optional_text(row, 12);
  lease.checkpoint_owner = optional_text(row, 13);
  if (!row.is_null(14)) lease.throughput_kbps = row.real(14);
  return lease;
}

// Parameters 1 to 15 are the columns, 16 is the application.
void bind_lease(SqliteStatement& statement, const Lease& lease, const std::string& application) {
  statement.bind(1, std::string_view(lease.key));
  statement.bind(2, lease.owner);
  statement.bind(3, lease.counter);
  statement.bind(4, lease.owner_switches_since_checkpoint);
  statement.bind(5, std::string_view(lease.checkpoint.value()));
  statement.bind(6, static_cast<std::int64_t>(lease.checkpoint.sub_sequence_number()));
  if (lease.pending_checkpoint) {
    statement.bind(7, std::string_view(lease.pending_checkpoint->value()));
    statement.bind(8, static_cast<std::int64_t>(lease.pending_checkpoint->sub_sequence_number()));
  }
  if (lease.pending_checkpoint_state) statement.bind_blob(9, lease.pending_checkpoint_state->text());
  statement.bind(10, std::string_view(join(lease.parent_shard_ids)));
  statement.bind(11, std::string_view(join(lease.child_shard_ids)));
  statement.bind(12, lease.starting_hash_key);
  statement.bind(13, lease.ending_hash_key);
  statement.bind(14, lease.checkpoint_owner);
  if (lease.throughput_kbps) statement.bind(15, *lease.throughput_kbps);
  statement.bind(16, std::string_view(application));
}

/// The blocking half: one connection, used on the worker thread only.
class SqliteTable {
 public:
  SqliteTable(const std::string& path, std::string application)
      : database_(path, lease_file_id), application_(std::move(application)) {
    database_.execute(create_table);
  }

  std::vector<Lease> list() {
    SqliteStatement statement(database_.handle(),
                              std::string("SELECT ") + columns + " FROM leases WHERE application = ?");
    statement.bind(1, std::string_view(application_));
    std::vector<Lease> leases;
    while (statement.step()) leases.push_back(read_lease(statement));
    return leases;
  }

  LeaseWrite create(const Lease& lease) {
    SqliteTransaction transaction(database_);
    if (auto row = find(lease.key)) return LeaseWrite::conflict(std::move(row));
    write(lease);
    transaction.commit();
    return LeaseWrite::stored();
  }

  LeaseWrite update(const LeaseUpdate& change) {
    SqliteTransaction transaction(database_);
    auto row = find(change.key());
    if (!row || !change.applies_to(*row)) return LeaseWrite::conflict(std::move(row));
    write(change.apply(std::move(*row)));
    transaction.commit();
    return LeaseWrite::stored();
  }

  LeaseWrite remove(const Lease& known) {
    SqliteTransaction transaction(database_);
    auto row = find(known.key);
    if (!row) return LeaseWrite::stored();
    if (row->counter != known.counter) return LeaseWrite::conflict(std::move(row));
    SqliteStatement statement(database_.handle(), "DELETE FROM leases WHERE application = ? AND leaseKey = ?");
    statement.bind(1, std::string_view(application_));
    statement.bind(2, std::string_view(known.key));
    statement.step();
    transaction.commit();
    return LeaseWrite::stored();
  }

 private:
  std::optional<Lease> find(const std::string& key) {
    SqliteStatement statement(database_.handle(),
                              std::string("SELECT ") + columns + " FROM leases WHERE application = ? AND leaseKey = ?");
    statement.bind(1, std::string_view(application_));
    statement.bind(2, std::string_view(key));
    if (!statement.step()) return std::nullopt;
    return read_lease(statement);
  }

  void write(const Lease& lease) {
    SqliteStatement statement(database_.handle(), std::string("INSERT OR REPLACE INTO leases (") + columns +
                                                      ", application) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    bind_lease(statement, lease, application_);
    statement.step();
  }

  SqliteDatabase database_;
  std::string application_;
};

class SqliteLeases final : public LeaseRepository {
 public:
  SqliteLeases(std::string path, std::string application)
      : path_(std::move(path)), application_(std::move(application)) {}

  asio::awaitable<void> prepare() override {
    std::function<void()> open = [this] { table_ = std::make_unique<SqliteTable>(path_, application_); };
    co_await thread_.run(std::move(open));
  }
  asio::awaitable<std::vector<Lease>> list() override {
    std::vector<Lease> leases;
    std::function<void()> read = [&] { leases = table().list(); };
    co_await thread_.run(std::move(read));
    co_return leases;
  }
  asio::awaitable<LeaseWrite> create(Lease lease) override {
    LeaseWrite written = LeaseWrite::stored();
    std::function<void()> write = [&] { written = table().create(lease); };
    co_await thread_.run(std::move(write));
    co_return written;
  }
  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override {
    LeaseWrite written = LeaseWrite::stored();
    std::function<void()> write = [&] { written = table().update(change); };
    co_await thread_.run(std::move(write));
    co_return written;
  }
  asio::awaitable<LeaseWrite> remove(Lease known) override {
    LeaseWrite written = LeaseWrite::stored();
    std::function<void()> write = [&] { written = table().remove(known); };
    co_await thread_.run(std::move(write));
    co_return written;
  }

 private:
  SqliteTable& table() {
    if (!table_) throw Error(errc::storage, "the lease database " + path_ + " is not open: prepare() comes first");
    return *table_;
  }

  std::string path_;
  std::string application_;
  std::unique_ptr<SqliteTable> table_;
  core::WorkerThread thread_;  // last: joined before the table goes
};

}  // namespace

std::shared_ptr<LeaseRepository> sqlite_leases(std::string path, std::string application) {
  return std::make_shared<SqliteLeases>(std::move(path), std::move(application));
}

}  // namespace kinesis
