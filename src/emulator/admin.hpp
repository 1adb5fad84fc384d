#pragma once

#include "emulator/shared_region.hpp"
#include "http/server.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace kinesis::emulator {

/// What people and scripts see and change of an emulator, under /_admin:
///
///     GET    /_admin                        a page that shows streams, shards and faults, and orders faults
///     GET    /_admin/health                 200 while it serves
///     GET    /_admin/state                  streams, shards, faults as JSON
///     POST   /_admin/faults                 adds the rules in the body, one a line
///     DELETE /_admin/faults                 removes all rules
///     POST   /_admin/split?stream=S&shard=I splits a shard in the middle, also of an on-demand stream
///
/// Nobody has to sign for it. Requests of pages from elsewhere, which browsers mark, are refused. Thread-safe.
class Admin {
 public:
  explicit Admin(std::shared_ptr<SharedRegion> region) : region_(std::move(region)) {}

  static bool is_for(std::string_view target) noexcept;
  http::ServerResponse answer(const http::ServerRequest& request);
  /// Counts a request of the service, for the page.
  void count_request() noexcept { requests_.fetch_add(1, std::memory_order_relaxed); }

 private:
  http::ServerResponse state();
  http::ServerResponse add_faults(std::string_view body);
  http::ServerResponse split(std::string_view query);

  std::shared_ptr<SharedRegion> region_;
  std::atomic<std::uint64_t> requests_{0};
};

/// The page; HTML that needs nothing else.
std::string_view admin_page() noexcept;

}  // namespace kinesis::emulator
