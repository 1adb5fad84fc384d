#include <kinesis/lease.hpp>

#include <utility>

namespace kinesis {

LeaseUpdate LeaseUpdate::owners_write(const Lease& known) {
  LeaseUpdate update(known.key);
  update.condition_.counter = known.counter;
  update.change_.add_to_counter = 1;
  return update;
}

LeaseUpdate LeaseUpdate::renew(const Lease& known, std::optional<double> throughput_kbps) {
  LeaseUpdate update = owners_write(known);
  if (!known.checkpoint_owner) update.condition_.checkpoint_owner.emplace(std::nullopt);
  update.change_.throughput_kbps = throughput_kbps;
  return update;
}

LeaseUpdate LeaseUpdate::take(const Lease& known, std::string worker) {
  LeaseUpdate update = owners_write(known);
  const std::optional<std::string>& from = known.checkpoint_owner ? known.checkpoint_owner : known.owner;
  if (from && *from != worker) update.change_.add_to_owner_switches = 1;
  update.change_.owner = std::move(worker);
  update.change_.checkpoint_owner.emplace(std::nullopt);
  return update;
}

LeaseUpdate LeaseUpdate::ask_hand_over(const Lease& known, std::string worker) {
  LeaseUpdate update = owners_write(known);
  update.condition_.owner = known.owner;
  update.condition_.checkpoint_owner.emplace(std::nullopt);
  update.change_.checkpoint_owner = known.owner;
  update.change_.owner = std::move(worker);
  return update;
}

LeaseUpdate LeaseUpdate::hand_over(const Lease& known, std::optional<Checkpoint> checkpoint) {
  LeaseUpdate update = checkpoint ? LeaseUpdate::checkpoint(known, std::move(*checkpoint)) : owners_write(known);
  update.condition_.checkpoint_owner = known.checkpoint_owner;
  update.change_.checkpoint_owner.emplace(std::nullopt);
  return update;
}

LeaseUpdate LeaseUpdate::cancel_hand_over(const Lease& known) {
  LeaseUpdate update = owners_write(known);
  update.condition_.checkpoint_owner = known.checkpoint_owner;
  update.change_.owner = known.checkpoint_owner;
  update.change_.checkpoint_owner.emplace(std::nullopt);
  return update;
}

LeaseUpdate LeaseUpdate::checkpoint(const Lease& known, Checkpoint checkpoint) {
  LeaseUpdate update = owners_write(known);
  update.change_.checkpoint = std::move(checkpoint);
  update.change_.clear_pending = true;
  update.change_.reset_owner_switches = true;
  return update;
}

LeaseUpdate LeaseUpdate::prepare_checkpoint(const Lease& known, Checkpoint checkpoint, Blob state) {
  LeaseUpdate update = owners_write(known);
  update.change_.pending_checkpoint = std::move(checkpoint);
  if (!state.empty()) update.change_.pending_checkpoint_state = std::move(state);
  return update;
}

LeaseUpdate LeaseUpdate::release(const Lease& known) {
  LeaseUpdate update = owners_write(known);
  update.change_.owner.emplace(std::nullopt);
  update.change_.checkpoint_owner.emplace(std::nullopt);
  return update;
}

LeaseUpdate LeaseUpdate::checkpoint_and_release(const Lease& known, Checkpoint checkpoint) {
  LeaseUpdate update = LeaseUpdate::checkpoint(known, std::move(checkpoint));
  update.change_.owner.emplace(std::nullopt);
  update.change_.checkpoint_owner.emplace(std::nullopt);
  return update;
}

LeaseUpdate LeaseUpdate::child_shards(const Lease& known, std::vector<std::string> child_shard_ids) {
  LeaseUpdate update(known.key);
  update.change_.child_shard_ids = std::move(child_shard_ids);
  return update;
}

LeaseUpdate LeaseUpdate::hash_key_range(const Lease& known, std::string starting_hash_key,
                                        std::string ending_hash_key) {
  LeaseUpdate update(known.key);
  update.change_.starting_hash_key = std::move(starting_hash_key);
  update.change_.ending_hash_key = std::move(ending_hash_key);
  return update;
}

bool LeaseUpdate::applies_to(const Lease& row) const {
  return row.key == key_ && (!condition_.counter || *condition_.counter == row.counter) &&
         (!condition_.owner || *condition_.owner == row.owner) &&
         (!condition_.checkpoint_owner || *condition_.checkpoint_owner == row.checkpoint_owner);
}

Lease LeaseUpdate::apply(Lease row) const {
  if (change_.owner) row.owner = *change_.owner;
  row.counter += change_.add_to_counter;
  if (change_.reset_owner_switches) row.owner_switches_since_checkpoint = 0;
  row.owner_switches_since_checkpoint += change_.add_to_owner_switches;
  if (change_.checkpoint) row.checkpoint = *change_.checkpoint;
  if (change_.clear_pending) {
    row.pending_checkpoint.reset();
    row.pending_checkpoint_state.reset();
  }
  if (change_.pending_checkpoint) {
    row.pending_checkpoint = change_.pending_checkpoint;
    row.pending_checkpoint_state = change_.pending_checkpoint_state;
  }
  if (change_.checkpoint_owner) row.checkpoint_owner = *change_.checkpoint_owner;
  if (change_.throughput_kbps) row.throughput_kbps = change_.throughput_kbps;
  if (change_.child_shard_ids) row.child_shard_ids = *change_.child_shard_ids;
  if (change_.starting_hash_key) row.starting_hash_key = change_.starting_hash_key;
  if (change_.ending_hash_key) row.ending_hash_key = change_.ending_hash_key;
  return row;
}

}  // namespace kinesis
