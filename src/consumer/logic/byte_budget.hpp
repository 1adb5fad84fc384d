#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

namespace kinesis::consumer {

/// Bytes that all shards of a consumer may read ahead together. Before it reads, a shard asks for what it expects.
/// Those who hold nothing come first, then who asked first; who holds more than its share of the limit waits and keeps
/// nobody else from reading. A value.
class ByteBudget {
 public:
  using Member = std::uint64_t;

  explicit ByteBudget(std::size_t limit) : limit_(limit) {}

  Member join();
  /// What it holds is given back, what it asked for is forgotten.
  void leave(Member member);

  /// Joins the line. One question of a member at a time.
  void ask(Member member, std::size_t bytes);
  /// Leaves the line without having got anything.
  void withdraw(Member member);
  /// The next one whose turn it is; it then holds what it asked for. More than the limit is given when nobody holds
  /// anything.
  std::optional<Member> grant();
  /// Of what it holds, `asked` turned out to be `real` bytes.
  void settle(Member member, std::size_t asked, std::size_t real);
  void give_back(Member member, std::size_t bytes);

  std::size_t used() const noexcept { return used_; }
  std::size_t held(Member member) const { return members_.at(member).held; }

 private:
  struct Account {
    std::size_t held = 0;
    std::size_t asked = 0;
  };
  bool over_its_share(const Account& account) const;

  std::size_t limit_;
  std::size_t used_ = 0;
  Member next_ = 1;
  std::map<Member, Account> members_;
  std::list<Member> line_;
};

}  // namespace kinesis::consumer
