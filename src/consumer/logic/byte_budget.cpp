#include "consumer/logic/byte_budget.hpp"

namespace kinesis::consumer {

ByteBudget::Member ByteBudget::join() {
  members_.emplace(next_, Account{});
  return next_++;
}

void ByteBudget::leave(Member member) {
  line_.remove(member);
  used_ -= members_.at(member).held;
  members_.erase(member);
}

void ByteBudget::ask(Member member, std::size_t bytes) {
  members_.at(member).asked = bytes;
  line_.push_back(member);
}

void ByteBudget::withdraw(Member member) { line_.remove(member); }

bool ByteBudget::over_its_share(const Account& account) const {
  return account.held > 0 && account.held + account.asked > limit_ / members_.size();
}

std::optional<ByteBudget::Member> ByteBudget::grant() {
  auto chosen = line_.end();
  for (auto it = line_.begin(); it != line_.end(); ++it) {
    const Account& account = members_.at(*it);
    if (account.held == 0) {
      chosen = it;
      break;
    }
    if (chosen == line_.end() && !over_its_share(account)) chosen = it;
  }
  if (chosen == line_.end()) return std::nullopt;
  const Member member = *chosen;
  Account& account = members_.at(member);
  if (used_ > 0 && used_ + account.asked > limit_) return std::nullopt;
  line_.erase(chosen);
  account.held += account.asked;
  used_ += account.asked;
  return member;
}

void ByteBudget::settle(Member member, std::size_t asked, std::size_t real) {
  members_.at(member).held += real - asked;
  used_ += real - asked;
}

void ByteBudget::give_back(Member member, std::size_t bytes) { settle(member, bytes, 0); }

}  // namespace kinesis::consumer
