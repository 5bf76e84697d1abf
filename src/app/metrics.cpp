#include "src/app/metrics.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using std::chrono::steady_clock;

constexpr int stop_seen_within_ms = 200;
constexpr std::chrono::milliseconds patience{1000};  // with one who asks, and then with one who reads
constexpr std::size_t most_request_bytes = 4096;

// False where it is not until then: one word a second must not keep others waiting, nor the camera's end.
bool ready(int client, short what, steady_clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
  pollfd waiting{client, what, 0};
  return left > 0 && ::poll(&waiting, 1, static_cast<int>(left)) > 0;
}

MetricFamily gauge(const std::string& name, const std::string& help, double value) {
  ClientMetric metric;
  metric.gauge.value = value;
  return {"wayside_" + name, help, MetricType::Gauge, {metric}};
}

MetricFamily counter(const CounterSet::Reading& reading) {
  ClientMetric metric;
  metric.counter.value = static_cast<double>(reading.value);
  return {"wayside_" + reading.name + "_total", reading.help, MetricType::Counter, {metric}};
}

MetricFamily problems(const Health& health) {
  MetricFamily family{"wayside_problem", "Parts that cannot do their work", MetricType::Gauge, {}};
  for (const auto& [part, reason] : health.problems()) {
    ClientMetric metric;
    metric.gauge.value = 1;
    metric.label.push_back({"part", part});
    family.metric.push_back(metric);
  }
  return family;
}

void add(std::vector<MetricFamily>& all, const LabelledGauge& one) {
  MetricFamily family = gauge(one.name, one.help, one.value);
  if (!one.label.empty()) family.metric.front().label.push_back({one.label, one.of});
  if (all.back().name == family.name) {
    all.back().metric.push_back(std::move(family.metric.front()));
  } else {
    all.push_back(std::move(family));
  }
}

}  // namespace

std::string metrics_text(const CounterSet& counters, const Health& health, const QueueDepth& depth,
                         const UploaderState& upload, const TimeQuality& time, std::uint64_t memory_bytes,
                         const std::vector<LabelledGauge>& board) {
  std::vector<MetricFamily> all = {
      gauge("healthy", "1 where no part has a problem", health.problems().empty() ? 1 : 0),
      problems(health),
      gauge("queue_records_waiting", "Records that the back office has not taken",
            static_cast<double>(depth.unacknowledged)),
      gauge("queue_segments", "Segments of the queue", depth.segments),
      gauge("queue_segments_free", "Segments of the queue that hold nothing that waits", depth.segments_free),
      gauge("upload_circuit_open", "1 where the uploader has given the link a rest",
            upload.circuit_open ? 1 : 0),
      gauge("clock_synchronised", "1 where the clock follows something",
            time.source == TimeSource::ntp || time.source == TimeSource::gnss ? 1 : 0),
      gauge("memory_bytes", "Of the daemon", static_cast<double>(memory_bytes)),
  };
  if (time.max_error_ms)
    all.push_back(
        gauge("clock_max_error_seconds", "Estimated bound", static_cast<double>(*time.max_error_ms) / 1e3));
  for (const LabelledGauge& one : board)
    add(all, one);
  for (const CounterSet::Reading& reading : counters.readings())
    all.push_back(counter(reading));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return out.str();
}

Result<std::unique_ptr<MetricsSocket>> MetricsSocket::open(const fs::path& path, Text text) {
  Result<LocalListener> listener = LocalListener::open(path);
  if (!listener) return fail(listener.error());
  return std::unique_ptr<MetricsSocket>(new MetricsSocket(std::move(*listener), std::move(text)));
}

MetricsSocket::MetricsSocket(LocalListener listener, Text text)
    : listener_(std::move(listener)), text_(std::move(text)) {
  thread_ = named_thread("metrics", [this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waiting{listener_.descriptor(), POLLIN, 0};
      if (::poll(&waiting, 1, stop_seen_within_ms) <= 0) continue;
      if (const auto client = listener_.accept()) {
        answer(client->descriptor());
      } else {
        wait_unless(stop, listener_.rest());
      }
    }
  });
}

MetricsSocket::~MetricsSocket() {
  thread_ = {};
}

void MetricsSocket::answer(int client) const {
  // What is asked does not matter, but hanging up on what was not read would cut the answer off.
  std::array<char, most_request_bytes> request{};
  std::size_t got = 0;
  const auto asked_until = steady_clock::now() + patience;
  while (got < request.size() &&
         std::string_view(request.data(), got).find("\r\n\r\n") == std::string_view::npos) {
    if (!ready(client, POLLIN, asked_until)) break;
    const ssize_t more = ::recv(client, request.data() + got, request.size() - got, MSG_DONTWAIT);
    if (more <= 0) break;
    got += static_cast<std::size_t>(more);
  }
  const std::string text = text_();
  const std::string reply = fmt::format(
      "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n{}",
      text.size(), text);
  const auto read_until = steady_clock::now() + patience;
  for (std::size_t sent = 0; sent < reply.size();) {
    if (!ready(client, POLLOUT, read_until)) return;
    const ssize_t more =
        ::send(client, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (more <= 0) return;
    sent += static_cast<std::size_t>(more);
  }
}

}  // namespace wayside::app
