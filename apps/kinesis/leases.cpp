#include "aws/json_writer.hpp"
#include "commands.hpp"
#include "lease_store.hpp"
#include "lease_watch.hpp"
#include "output.hpp"
#include "run_loop.hpp"
#include "text_table.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;
using Action = LeasesArguments::Action;

/// Longer than the renewal interval of workers with default settings, ours (3.4 s) and the KCL's (3.3 s).
constexpr double default_watch_s = 5;

[[noreturn]] void wrong_position(const std::string& text) {
  throw Error(
      errc::invalid_argument,
      "\"" + text +
          "\" is no checkpoint; write TRIM_HORIZON, LATEST, AT_TIMESTAMP, SHARD_END, or a sequence number, with "
          "/SUB behind it for a place in an aggregate");
}

/// "trim-horizon" is "TRIM_HORIZON".
Checkpoint parse_checkpoint(const std::string& text) {
  std::string value = text;
  std::uint64_t sub = 0;
  if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
    value = text.substr(0, slash);
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data() + slash + 1, end, sub);
    if (error != std::errc() || read != end || !SequenceNumber::parse(value)) wrong_position(text);
  }
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  auto checkpoint = Checkpoint::parse(value, sub);
  if (!checkpoint) wrong_position(text);
  return std::move(*checkpoint);
}

std::string text_of(const Checkpoint& checkpoint) {
  std::string text = checkpoint.value();
  if (checkpoint.sub_sequence_number() > 0) text += "/" + std::to_string(checkpoint.sub_sequence_number());
  return text;
}

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : " ") + id;
  return text.empty() ? "-" : text;
}

std::string owner_of(const Lease& lease) {
  std::string text = lease.owner.value_or("-");
  // In the middle of a hand-over the one before still works.
  if (lease.checkpoint_owner) text += " (from " + *lease.checkpoint_owner + ")";
  return text;
}

class Leases {
 public:
  Leases(Client client, const ConnectionArguments& connection, const LeasesArguments& arguments)
      : client_(std::move(client)), arguments_(arguments), json_(arguments.json || connection.json()) {}

  awaitable<int> run() {
    if (!arguments_.position.empty()) position_ = parse_checkpoint(arguments_.position);
    leases_ = co_await open_existing_leases(arguments_.leases, arguments_.application, client_);
    place_ = lease_place(arguments_.leases, arguments_.application);
    if (arguments_.action == Action::list) co_return co_await list();
    co_return co_await change();
  }

 private:
  awaitable<int> list() {
    const double watch = std::max(arguments_.watch_s, 0.0);
    const std::vector<WatchedLease> rows = co_await watch_leases(leases_, client_.clock(), watch);
    if (json_) {
      print(as_json(rows));
    } else if (rows.empty()) {
      print("no leases in " + place_ + for_application() + "\n");
    } else {
      print(as_text(rows, watch));
    }
    co_return exit_done;
  }

  std::string for_application() const {
    return arguments_.application.empty() ? "" : " of application " + arguments_.application;
  }

  std::string as_text(const std::vector<WatchedLease>& rows, double watch) const {
    std::vector<std::string> heads = {"SHARD", "OWNER", "COUNTER"};
    if (watch > 0) heads.emplace_back("RENEWED");
    for (const char* head : {"CHECKPOINT", "PARENTS", "CHILDREN"}) heads.emplace_back(head);
    if (arguments_.hash_keys) heads.emplace_back("HASH KEYS");
    TextTable table(std::move(heads));
    for (const WatchedLease& row : rows) {
      const Lease& lease = row.lease;
      std::vector<std::string> cells = {lease.key, owner_of(lease), std::to_string(lease.counter)};
      if (watch > 0) cells.push_back(renewed(row, watch));
      std::string checkpoint = text_of(lease.checkpoint);
      if (lease.pending_checkpoint) checkpoint += " (prepared: " + text_of(*lease.pending_checkpoint) + ")";
      cells.push_back(std::move(checkpoint));
      cells.push_back(joined(lease.parent_shard_ids));
      cells.push_back(joined(lease.child_shard_ids));
      if (arguments_.hash_keys)
        cells.push_back(lease.starting_hash_key.value_or("?") + " - " + lease.ending_hash_key.value_or("?"));
      table.add(std::move(cells));
    }
    return table.text();
  }

  static std::string renewed(const WatchedLease& row, double watch) {
    if (!row.lease.owner) return "-";
    char text[48];
    std::snprintf(text, sizeof text, row.alive() ? "%.1f s ago" : "not for %g s", row.renewed_ago_s.value_or(watch));
    return text;
  }

  static void write_checkpoint(aws::JsonWriter& json, const std::optional<Checkpoint>& checkpoint) {
    if (!checkpoint) {
      json.null();
      return;
    }
    json.begin_object().key("value").string(checkpoint->value());
    json.key("sub_sequence_number").integer(checkpoint->sub_sequence_number()).end_object();
  }

  static std::string as_json(const std::vector<WatchedLease>& rows) {
    std::string out;
    aws::JsonWriter json(out);
    const auto text_or_null = [&](const char* name, const std::optional<std::string>& value) {
      json.key(name);
      if (value) {
        json.string(*value);
      } else {
        json.null();
      }
    };
    const auto list = [&](const char* name, const std::vector<std::string>& values) {
      json.key(name).begin_array();
      for (const std::string& value : values) json.string(value);
      json.end_array();
    };
    json.begin_array();
    for (const WatchedLease& row : rows) {
      const Lease& lease = row.lease;
      json.begin_object().key("shard").string(lease.key);
      text_or_null("owner", lease.owner);
      text_or_null("checkpoint_owner", lease.checkpoint_owner);
      json.key("counter").integer(lease.counter).key("renewed_ago_s");
      if (row.renewed_ago_s) {
        json.number(*row.renewed_ago_s);
      } else {
        json.null();
      }
      json.key("checkpoint");
      write_checkpoint(json, lease.checkpoint);
      json.key("pending_checkpoint");
      write_checkpoint(json, lease.pending_checkpoint);
      json.key("owner_switches_since_checkpoint").integer(lease.owner_switches_since_checkpoint);
      list("parents", lease.parent_shard_ids);
      list("children", lease.child_shard_ids);
      text_or_null("starting_hash_key", lease.starting_hash_key);
      text_or_null("ending_hash_key", lease.ending_hash_key);
      json.end_object();
    }
    json.end_array();
    return out + "\n";
  }

  awaitable<int> change() {
    if (arguments_.all == !arguments_.shard.empty())
      throw Error(errc::invalid_argument, "name one SHARD, or all of them with --all");
    // Only what is going to be changed is watched, but a listing has all.
    std::vector<Lease> known = co_await leases_->list();
    if (!arguments_.all) std::erase_if(known, [&](const Lease& lease) { return lease.key != arguments_.shard; });
    if (known.empty()) throw Error(errc::not_found, nothing_there());
    const bool owned = std::any_of(known.begin(), known.end(), [](const Lease& lease) { return bool(lease.owner); });
    const double watch = arguments_.watch_s >= 0 ? arguments_.watch_s : default_watch_s;
    const double seconds = owned ? watch : 0;
    std::vector<WatchedLease> rows = co_await watch_leases(leases_, client_.clock(), seconds);
    if (!arguments_.all)
      std::erase_if(rows, [&](const WatchedLease& row) { return row.lease.key != arguments_.shard; });
    if (rows.empty()) throw Error(errc::not_found, nothing_there());

    std::size_t alive = 0;
    for (const WatchedLease& row : rows) {
      if (row.alive()) ++alive;
      std::string line = sentence(row.lease);
      if (row.lease.owner) line += row.alive() ? "; its owner " + *row.lease.owner + " is alive" : silent(row, watch);
      lines_.push_back(std::move(line));
    }
    if (arguments_.yes && alive > 0 && !arguments_.force) {
      std::string text;
      for (const WatchedLease& row : rows)
        if (row.alive()) text += (text.empty() ? "" : ", ") + row.lease.key + " (" + *row.lease.owner + ")";
      throw Error(errc::condition_failed,
                  "nothing was changed: the owner renews " + text +
                      ", as the counter moves. Stop that worker, or use --force: it then loses the lease, and what it "
                      "handled since its last checkpoint comes again");
    }
    if (!arguments_.yes) co_return would_do(alive);
    co_return co_await change_all(rows);
  }

  std::string nothing_there() const {
    if (arguments_.all) return "there are no leases in " + place_ + for_application();
    return "there is no lease of " + arguments_.shard + " in " + place_ + for_application() +
           "; kinesis leases list shows those there are";
  }

  std::string sentence(const Lease& lease) const {
    const bool did = arguments_.yes;
    switch (arguments_.action) {
      case Action::release:
        return std::string(did ? "released " : "would release ") + lease.key + ", owned by " + owner_of(lease);
      case Action::remove:
        return std::string(did ? "deleted " : "would delete ") + lease.key + " with its checkpoint " +
               text_of(lease.checkpoint);
      default:
        return std::string(did ? "set the checkpoint of " : "would set the checkpoint of ") + lease.key + " from " +
               text_of(lease.checkpoint) + " to " + text_of(*position_) + (lease.owner ? ", and release it" : "");
    }
  }

  static std::string silent(const WatchedLease& row, double watch) {
    if (watch == 0) return "";
    char text[64];
    std::snprintf(text, sizeof text, " did not renew it for %g s", watch);
    return "; its owner " + *row.lease.owner + text;
  }

  int would_do(std::size_t alive) const {
    std::string out;
    if (json_) {
      aws::JsonWriter json(out);
      json.begin_object().key("changed").boolean(false).key("would").begin_array();
      for (const std::string& line : lines_) json.string(line);
      json.end_array().end_object();
      out += "\n";
    } else {
      for (const std::string& line : lines_) out += line + "\n";
    }
    print(out);
    std::fprintf(stderr, "kinesis leases: nothing was changed; repeat it with --yes%s\n",
                 alive > 0 ? " --force, or stop the workers first" : "");
    return exit_usage;
  }

  awaitable<int> change_all(std::vector<WatchedLease> rows) {
    std::size_t changed = 0;
    std::string trouble;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Lease& known = rows[i].lease;
      LeaseWrite written = co_await write(known);
      if (!written.is_stored()) {
        trouble += (trouble.empty() ? "" : "; ") + known.key + ": " + what_changed(known, written.row());
        continue;
      }
      ++changed;
      if (!json_) print(lines_[i] + "\n");
    }
    if (json_) {
      std::string out;
      aws::JsonWriter json(out);
      json.begin_object().key("changed").integer(changed).key("refused").integer(rows.size() - changed).end_object();
      print(out + "\n");
    }
    if (!trouble.empty())
      throw Error(errc::condition_failed, "changed meanwhile and left alone: " + trouble + "; look again and repeat");
    co_return exit_done;
  }

  awaitable<LeaseWrite> write(Lease known) {
    if (arguments_.action == Action::remove) {
      LeaseWrite removed = co_await leases_->remove(std::move(known));
      co_return removed;
    }
    // A checkpoint moves only together with the owner: one that kept the lease would go on from where it is, and write
    // that over what is set here.
    LeaseUpdate update = LeaseUpdate::release(known);
    if (position_) update = LeaseUpdate::checkpoint_and_release(known, *position_);
    LeaseWrite written = co_await leases_->update(std::move(update));
    co_return written;
  }

  static std::string what_changed(const Lease& known, const std::optional<Lease>& row) {
    if (!row) return "the lease is gone";
    std::string text = "the counter went from " + std::to_string(known.counter) + " to " + std::to_string(row->counter);
    if (row->owner != known.owner) text += ", the owner from " + owner_of(known) + " to " + owner_of(*row);
    return text;
  }

  Client client_;
  const LeasesArguments& arguments_;
  bool json_;
  std::shared_ptr<LeaseRepository> leases_;
  std::string place_;
  std::optional<Checkpoint> position_;
  std::vector<std::string> lines_;
};

}  // namespace

int run_leases(const ConnectionArguments& connection, const LeasesArguments& arguments) {
  int code = exit_failed;
  run_loop([&](asio::any_io_executor executor) -> awaitable<void> {
    Leases leases(Client(executor, connection.client_options()), connection, arguments);
    code = co_await leases.run();
  });
  return code;
}

}  // namespace kinesis::tool
