#include "core/async.hpp"
#include <kinesis/testing/lease_repository_contract.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace kinesis::testing {
namespace {

using core::awaitable;

void expect(bool condition, const std::string& promise) {
  if (!condition) throw std::logic_error("lease repository contract: " + promise);
}

Checkpoint number(const char* digits, std::uint64_t sub = 0) {
  return Checkpoint::at(RecordPosition{SequenceNumber(digits), sub});
}

Lease full_row() {
  Lease lease("shardId-000000000007");
  lease.owner = "worker-a";
  lease.counter = 41;
  lease.owner_switches_since_checkpoint = 3;
  lease.checkpoint = number("49590338271490256608559692538361571095921575989136588898", 12);
  lease.pending_checkpoint = number("49590338271490256608559692538361571095921575989136588899", 1);
  lease.pending_checkpoint_state = Blob(std::string("state \0 with zero", 17));
  lease.parent_shard_ids = {"shardId-000000000001", "shardId-000000000002"};
  lease.child_shard_ids = {"shardId-000000000009"};
  lease.starting_hash_key = "0";
  lease.ending_hash_key = "340282366920938463463374607431768211455";
  lease.checkpoint_owner = "worker-b";
  lease.throughput_kbps = 12.5;
  return lease;
}

awaitable<Lease> find(LeaseRepository& store, std::string key) {
  for (Lease& lease : co_await store.list())
    if (lease.key == key) co_return lease;
  throw std::logic_error("lease repository contract: list() lacks the row " + key);
}

awaitable<void> keeps_rows(LeaseRepository& store) {
  const Lease row = full_row();
  const LeaseWrite created = co_await store.create(row);
  expect(created.is_stored(), "create() stores a new row");
  const Lease read = co_await find(store, row.key);
  expect(read == row, "list() gives back every attribute of a row");

  const LeaseWrite again = co_await store.create(Lease(row.key));
  expect(!again.is_stored() && again.row() == row, "create() of a row that is there is a conflict with that row");

  Lease bare("shardId-000000000008");
  const LeaseWrite second = co_await store.create(bare);
  expect(second.is_stored(), "create() stores a row without optional attributes");
  const Lease bare_read = co_await find(store, bare.key);
  expect(bare_read == bare, "absent attributes stay absent");
  const std::vector<Lease> all = co_await store.list();
  expect(all.size() == 2, "list() gives every row once");
}

awaitable<void> applies(LeaseRepository& store, LeaseUpdate update, std::string what) {
  const Lease before = co_await find(store, update.key());
  const Lease expected = update.apply(before);
  const LeaseWrite written = co_await store.update(std::move(update));
  expect(written.is_stored(), what + " is stored when its condition holds");
  const Lease after = co_await find(store, expected.key);
  expect(after == expected, what + " changes what it says and nothing else");
}

awaitable<void> updates_rows(LeaseRepository& store) {
  const Lease row = full_row();
  co_await store.create(row);
  Lease now = co_await find(store, row.key);
  co_await applies(store, LeaseUpdate::renew(now), "renew");
  now = co_await find(store, row.key);
  co_await applies(store, LeaseUpdate::renew(now, 0.0625), "renew with a throughput");
  now = co_await find(store, row.key);
  co_await applies(store, LeaseUpdate::take(now, "worker-c"), "take");
  now = co_await find(store, row.key);
  co_await applies(store, LeaseUpdate::checkpoint(now, number("5", 2)), "checkpoint");
  now = co_await find(store, row.key);
  co_await applies(store, LeaseUpdate::prepare_checkpoint(now, number("6"), Blob("prepared")), "prepare_checkpoint");
  now = co_await find(store, row.key);
  std::vector<std::string> children = {"c1", "c2"};
  co_await applies(store, LeaseUpdate::child_shards(now, children), "child_shards");
  co_await applies(store, LeaseUpdate::hash_key_range(now, "1", "2"), "hash_key_range");
  co_await applies(store, LeaseUpdate::release(now), "release");
  now = co_await find(store, row.key);
  co_await applies(store, LeaseUpdate::checkpoint_and_release(now, Checkpoint::shard_end()), "checkpoint_and_release");
}

awaitable<void> hands_over(LeaseRepository& store) {
  const Lease row = full_row();
  co_await store.create(row);
  Lease now = co_await find(store, row.key);
  const LeaseWrite under_way = co_await store.update(LeaseUpdate::ask_hand_over(now, "worker-c"));
  expect(!under_way.is_stored() && under_way.row() == row, "ask_hand_over is refused while another is under way");
  co_await applies(store, LeaseUpdate::cancel_hand_over(now), "cancel_hand_over");
  const Lease owned = co_await find(store, row.key);
  co_await applies(store, LeaseUpdate::ask_hand_over(owned, "worker-c"), "ask_hand_over");
  const Lease asked = co_await find(store, row.key);
  expect(asked.owner == "worker-c" && asked.checkpoint_owner == "worker-b", "both owners are in the row");
  const LeaseWrite renewed = co_await store.update(LeaseUpdate::renew(owned));
  expect(!renewed.is_stored() && renewed.row() == asked, "the owner's renewal is refused, with the row");
  co_await applies(store, LeaseUpdate::renew(asked), "renew by an owner that knows of the hand-over");
  now = co_await find(store, row.key);
  Lease of_another = now;
  of_another.checkpoint_owner = "worker-z";
  const LeaseWrite wrong = co_await store.update(LeaseUpdate::hand_over(of_another, std::nullopt));
  expect(!wrong.is_stored() && wrong.row() == now, "hand_over is the right of the checkpoint owner");
  co_await applies(store, LeaseUpdate::hand_over(now, number("7", 1)), "hand_over");
  now = co_await find(store, row.key);
  Lease free = now;
  free.owner.reset();
  const LeaseWrite unowned = co_await store.update(LeaseUpdate::ask_hand_over(free, "worker-d"));
  expect(!unowned.is_stored() && unowned.row() == now, "an update for a lease without owner is refused if it has one");
}

awaitable<void> refuses_updates(LeaseRepository& store) {
  const Lease row = full_row();
  co_await store.create(row);
  Lease stale = row;
  stale.counter -= 1;
  const LeaseWrite refused = co_await store.update(LeaseUpdate::renew(stale));
  expect(!refused.is_stored() && refused.row() == row,
         "update() under a condition that does not hold is a conflict with the row");
  const Lease after = co_await find(store, row.key);
  expect(after == row, "a conflict changes nothing");
  const LeaseWrite absent = co_await store.update(LeaseUpdate::renew(Lease("nowhere")));
  expect(!absent.is_stored() && !absent.row(), "update() of a row that is not there is a conflict without a row");
  const std::vector<Lease> all = co_await store.list();
  expect(all.size() == 1, "update() never makes a row");
}

awaitable<void> removes_rows(LeaseRepository& store) {
  const Lease row = full_row();
  co_await store.create(row);
  Lease stale = row;
  stale.counter += 1;
  const LeaseWrite refused = co_await store.remove(stale);
  expect(!refused.is_stored() && refused.row() == row, "remove() with another counter is a conflict with the row");
  const LeaseWrite removed = co_await store.remove(row);
  expect(removed.is_stored(), "remove() deletes a row whose counter is known");
  const std::vector<Lease> all = co_await store.list();
  expect(all.empty(), "a removed row is gone");
  const LeaseWrite again = co_await store.remove(row);
  expect(again.is_stored(), "removing what is not there succeeds");
}

awaitable<void> try_to_take(LeaseRepository& store, Lease known, std::string worker, int* winners) {
  const LeaseWrite written = co_await store.update(LeaseUpdate::take(known, std::move(worker)));
  if (written.is_stored()) ++*winners;
}

awaitable<void> has_one_winner(LeaseRepository& store, asio::any_io_executor executor) {
  co_await store.create(full_row());
  for (int round = 0; round < 20; ++round) {
    const Lease known = co_await find(store, full_row().key);
    int winners = 0;
    core::TaskGroup racers(executor);
    for (int worker = 0; worker < 8; ++worker)
      racers.spawn(try_to_take(store, known, "worker-" + std::to_string(worker), &winners));
    co_await racers.join();
    expect(winners == 1, "of racing updates exactly one is stored, not " + std::to_string(winners));
  }
}

}  // namespace

void check_lease_repository(const std::function<std::shared_ptr<LeaseRepository>()>& make) {
  const auto run = [&](auto check) {
    asio::io_context context(1);
    const std::shared_ptr<LeaseRepository> store = make();
    std::exception_ptr failure;
    bool ended = false;
    auto whole = [&]() -> awaitable<void> {
      co_await store->prepare();
      co_await check(*store, context.get_executor());
      ended = true;
    };
    core::spawn(context.get_executor(), whole(), [&](std::exception_ptr error) { failure = std::move(error); });
    context.run();
    if (failure) std::rethrow_exception(failure);
    expect(ended, "every operation completes");
  };
  run([](LeaseRepository& store, const asio::any_io_executor&) { return keeps_rows(store); });
  run([](LeaseRepository& store, const asio::any_io_executor&) { return updates_rows(store); });
  run([](LeaseRepository& store, const asio::any_io_executor&) { return hands_over(store); });
  run([](LeaseRepository& store, const asio::any_io_executor&) { return refuses_updates(store); });
  run([](LeaseRepository& store, const asio::any_io_executor&) { return removes_rows(store); });
  run([](LeaseRepository& store, const asio::any_io_executor& executor) { return has_one_winner(store, executor); });
}

}  // namespace kinesis::testing
