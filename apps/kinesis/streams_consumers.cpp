#include "aws/json_writer.hpp"
#include "aws/paginators.hpp"
#include "commands.hpp"
#include "core/time_format.hpp"
#include "output.hpp"
#include "run_loop.hpp"
#include "state_wait.hpp"
#include "text_table.hpp"
#include <kinesis/client.hpp>

#include <algorithm>
#include <functional>
#include <utility>

// The fan-out consumers of a stream.
namespace kinesis::tool {
namespace {

using core::awaitable;

class StreamConsumers {
 public:
  StreamConsumers(Client client, const ConnectionArguments& connection, const StreamConsumersArguments& arguments)
      : client_(std::move(client)), api_(client_.kinesis()), connection_(connection), arguments_(arguments) {}

  awaitable<void> run() {
    using Action = StreamConsumersArguments::Action;
    // The operations want the ARN of the stream.
    auto answer = co_await api_.describe_stream_summary(DescribeStreamSummaryRequest(arguments_.stream));
    stream_arn_ = std::move(answer).value().stream_description_summary.stream_arn;
    switch (arguments_.action) {
      case Action::list:
        co_await list();
        break;
      case Action::add:
        co_await add();
        break;
      case Action::remove:
        co_await remove();
        break;
    }
  }

 private:
  awaitable<void> list() {
    auto listed = co_await aws::list_all_stream_consumers(api_, ListStreamConsumersRequest(stream_arn_));
    const std::vector<KinesisConsumer> consumers = std::move(listed).value();
    print(connection_.json() ? as_json(consumers) : as_text(consumers));
  }

  static std::string as_text(const std::vector<KinesisConsumer>& consumers) {
    if (consumers.empty()) return "";
    TextTable table({"NAME", "STATUS", "REGISTERED", "ARN"});
    for (const KinesisConsumer& consumer : consumers) {
      table.add({consumer.consumer_name, std::string(to_string(consumer.consumer_status)),
                 core::format_iso8601(consumer.consumer_creation_timestamp), consumer.consumer_arn});
    }
    return table.text();
  }

  static void write(aws::JsonWriter& json, const KinesisConsumer& consumer) {
    json.begin_object().key("name").string(consumer.consumer_name).key("arn").string(consumer.consumer_arn);
    json.key("status").string(to_string(consumer.consumer_status));
    json.key("registered").string(core::format_iso8601(consumer.consumer_creation_timestamp)).end_object();
  }

  static std::string as_json(const std::vector<KinesisConsumer>& consumers) {
    std::string out;
    aws::JsonWriter json(out);
    json.begin_array();
    for (const KinesisConsumer& consumer : consumers) write(json, consumer);
    json.end_array();
    return out + "\n";
  }

  awaitable<void> add() {
    RegisterStreamConsumerRequest request(stream_arn_, arguments_.consumer);
    auto answer = co_await api_.register_stream_consumer(std::move(request));
    KinesisConsumer consumer = std::move(answer).value().consumer;
    if (!arguments_.no_wait) {
      std::function<awaitable<bool>()> active = [this, arn = consumer.consumer_arn] { return is_active(arn); };
      co_await wait_for_state(client_, arguments_.consumer + " is not ACTIVE", std::move(active));
      consumer.consumer_status = ConsumerStatus::active;
    }
    std::string out;
    if (connection_.json()) {
      aws::JsonWriter json(out);
      write(json, consumer);
    } else {
      out = consumer.consumer_arn;
    }
    print(out + "\n");
  }

  awaitable<bool> is_active(std::string arn) {
    auto answer = co_await api_.describe_stream_consumer(DescribeStreamConsumerRequest(arn));
    co_return std::move(answer).value().consumer_description.consumer_status == ConsumerStatus::active;
  }

  awaitable<void> remove() {
    ConsumerRequest named(stream_arn_, arguments_.consumer);
    if (arguments_.consumer.starts_with("arn:")) {
      if (!arguments_.consumer.starts_with(stream_arn_ + "/consumer/"))
        throw Error(errc::invalid_argument, arguments_.consumer + " is no consumer of " + arguments_.stream);
      named = ConsumerRequest(arguments_.consumer);
    }
    DeregisterStreamConsumerRequest request;
    static_cast<ConsumerRequest&>(request) = named;
    auto answer = co_await api_.deregister_stream_consumer(std::move(request));
    std::move(answer).value();
    if (arguments_.no_wait) co_return;
    std::function<awaitable<bool>()> gone = [this, named] { return is_gone(named); };
    co_await wait_for_state(client_, arguments_.consumer + " is still there", std::move(gone));
  }

  awaitable<bool> is_gone(ConsumerRequest named) {
    DescribeStreamConsumerRequest request;
    static_cast<ConsumerRequest&>(request) = named;
    auto answer = co_await api_.describe_stream_consumer(std::move(request));
    if (!answer && answer.error().code() == errc::not_found) co_return true;
    std::move(answer).value();
    co_return false;
  }

  Client client_;
  KinesisApi& api_;
  const ConnectionArguments& connection_;
  const StreamConsumersArguments& arguments_;
  std::string stream_arn_;
};

}  // namespace

int run_stream_consumers(const ConnectionArguments& connection, const StreamConsumersArguments& arguments) {
  const bool interrupted = run_loop([&](asio::any_io_executor executor) -> awaitable<void> {
    StreamConsumers consumers(Client(executor, connection.client_options()), connection, arguments);
    co_await consumers.run();
  });
  return interrupted ? exit_failed : exit_done;
}

}  // namespace kinesis::tool
