#include <kinesis/producer.hpp>

#include <boost/asio/associated_executor.hpp>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace kinesis::detail {
namespace {

using Fates = std::vector<Result<Receipt>>;

/// Collects the fates of the records, which may come from several threads.
struct Gathering {
  Gathering(asio::any_io_executor on, std::size_t count, Handler<Fates> handler)
      : executor(std::move(on)), fates(count, Result<Receipt>(Error(errc::internal, ""))), left(count) {
    done.swap(handler);
  }

  void complete() {
    auto on = asio::get_associated_executor(done, executor);
    auto call = [handler = std::move(done), all = std::move(fates)]() mutable {
      std::move(handler)(nullptr, std::move(all));
    };
    post_to(executor, asio::bind_executor(std::move(on), std::move(call)));
  }

  const asio::any_io_executor executor;
  Fates fates;
  std::atomic<std::size_t> left;
  Handler<Fates> done;
};

}  // namespace

void send_many(ProducerCore& core, std::vector<OutgoingRecord<Blob>> records, Handler<Fates> done) {
  const auto gathering = std::make_shared<Gathering>(core.executor(), records.size(), std::move(done));
  if (records.empty()) return gathering->complete();
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto one = [gathering, i](std::exception_ptr error, Receipt receipt) {
      gathering->fates[i] = error ? Result<Receipt>(to_error(error)) : Result<Receipt>(std::move(receipt));
      if (gathering->left.fetch_sub(1) == 1) gathering->complete();
    };
    core.send(std::move(records[i]), Handler<Receipt>(std::move(one)));
  }
}

}  // namespace kinesis::detail
