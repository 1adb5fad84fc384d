#include "leases/sqlite_database.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

namespace kinesis::leases {
namespace {

// 5 s of waits of 0.2 ms on average.
constexpr int busy_tries = 25'000;

int wait_while_busy(void* /*unused*/, int tries) {
  if (tries >= busy_tries) return 0;
  // Any cheap spread will do: two processes must not retry in step.
  static thread_local unsigned state = static_cast<unsigned>(std::hash<std::thread::id>()(std::this_thread::get_id()));
  state = state * 1664525U + 1013904223U;
  std::this_thread::sleep_for(std::chrono::microseconds(100 + (state >> 16) % 200));
  return 1;
}

[[noreturn]] void fail(sqlite3* database, std::string_view doing) {
  std::string message(doing);
  message += ": ";
  message += database != nullptr ? sqlite3_errmsg(database) : "out of memory";
  const int code = database != nullptr ? sqlite3_errcode(database) & 0xff : SQLITE_NOMEM;
  // SQLite calls a full disk an I/O error where it grows its shared memory file.
  const int cause = code == SQLITE_IOERR ? sqlite3_system_errno(database) : 0;
  if (cause != 0) message += " (" + std::generic_category().message(cause) + ")";
  throw Error(errc::storage, std::move(message))
      .with_retryable(code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL || cause == ENOSPC);
}

}  // namespace

SqliteStatement::SqliteStatement(sqlite3* database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr) != SQLITE_OK)
    fail(database, "lease database");
}
SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

void SqliteStatement::bind(int index, std::string_view value) {
  sqlite3_bind_text(statement_, index, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
}
void SqliteStatement::bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
void SqliteStatement::bind(int index, double value) { sqlite3_bind_double(statement_, index, value); }
void SqliteStatement::bind_null(int index) { sqlite3_bind_null(statement_, index); }
void SqliteStatement::bind(int index, const std::optional<std::string>& value) {
  if (value) {
    bind(index, std::string_view(*value));
  } else {
    bind_null(index);
  }
}
void SqliteStatement::bind_blob(int index, std::string_view value) {
  sqlite3_bind_blob(statement_, index, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  fail(database_, "lease database");
}
bool SqliteStatement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::string SqliteStatement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}
std::int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double SqliteStatement::real(int column) const { return sqlite3_column_double(statement_, column); }

SqliteDatabase::SqliteDatabase(std::string path, std::int32_t application_id) : path_(std::move(path)) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  try {
    if (sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr) != SQLITE_OK)
      fail(handle_, "cannot open the lease database " + path_);
    sqlite3_busy_handler(handle_, &wait_while_busy, nullptr);
    identify(application_id);
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}
SqliteDatabase::~SqliteDatabase() { sqlite3_close(handle_); }

void SqliteDatabase::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_, "lease database " + path_);
}
int SqliteDatabase::changed_rows() const noexcept { return sqlite3_changes(handle_); }

void SqliteDatabase::identify(std::int32_t application_id) {
  const auto number = [this](const char* sql) {
    SqliteStatement statement(handle_, sql);
    return statement.step() ? statement.integer(0) : 0;
  };
  std::int64_t id = 0;
  try {
    id = number("PRAGMA application_id");
    if (id != application_id && (id != 0 || number("SELECT count(*) FROM sqlite_schema") != 0))
      throw Error(errc::storage,
                  path_ + " is a SQLite database of another application, not one of leases; name another file");
  } catch (const Error& error) {
    if (sqlite3_errcode(handle_) == SQLITE_NOTADB)
      throw Error(errc::storage, path_ + " is not a SQLite database; name another file for the leases");
    throw error;
  }
  execute("PRAGMA journal_mode=WAL");
  execute("PRAGMA synchronous=NORMAL");
  if (id == 0) execute(("PRAGMA application_id=" + std::to_string(application_id)).c_str());
}

SqliteTransaction::SqliteTransaction(SqliteDatabase& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}
SqliteTransaction::~SqliteTransaction() {
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}
void SqliteTransaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace kinesis::leases
