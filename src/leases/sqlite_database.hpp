#pragma once

#include <kinesis/error.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace kinesis::leases {

/// A prepared statement that is reset when it goes out of use. Columns and parameters as SQLite has them: columns from
/// 0, parameters from 1.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* database, std::string_view sql);
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  void bind(int index, std::string_view value);
  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind_null(int index);
  void bind(int index, const std::optional<std::string>& value);
  void bind_blob(int index, std::string_view value);

  /// True if there is a row. Throws Error(storage).
  bool step();
  bool is_null(int column) const;
  std::string text(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// One connection to one file: WAL, synchronous=NORMAL, and a busy handler that sleeps 0.1 to 0.3 ms with jitter for up
/// to 5 s, because SQLite's own starves the slower of two processes. For one thread at a time. All failures are
/// Error(storage).
class SqliteDatabase {
 public:
  /// Opens or creates `path`; refuses a file that another program made with SQLite (its `application_id` is not
  /// `application_id`).
  SqliteDatabase(std::string path, std::int32_t application_id);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  void execute(const char* sql);
  sqlite3* handle() const noexcept { return handle_; }
  int changed_rows() const noexcept;

 private:
  void identify(std::int32_t application_id);

  std::string path_;
  sqlite3* handle_ = nullptr;
};

/// BEGIN IMMEDIATE, and ROLLBACK unless `commit` was called.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteDatabase& database);
  ~SqliteTransaction();
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  void commit();

 private:
  SqliteDatabase& database_;
  bool open_ = true;
};

}  // namespace kinesis::leases
