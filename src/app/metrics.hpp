// What the camera counts and how it is, in Prometheus' text form, for an agent on the same machine: over a
// local socket, never over the network.
//
// Whoever connects may send an HTTP request or nothing, gets the text as an HTTP/1.0 answer, and is hung up
// on: curl --unix-socket PATH http://camera/metrics. No plate, place or key is in it.
//
// Threads: one of its own, "metrics"; the text is asked for there. Failure: a socket that cannot be had is an
// Error that names the path; a client that is slow or talks nonsense is hung up on after a second.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "wayside/base/counters.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/uploader.hpp"
#include "wayside/device/clock/time_quality.hpp"
#include "wayside/device/health/health.hpp"

#include "src/app/labelled_gauge.hpp"
#include "src/app/local_socket.hpp"

namespace wayside::app {

// Counters are wayside_NAME_total; a part with a problem is wayside_problem{part="..."} 1; gauges: those of
// one name together.
[[nodiscard]] std::string metrics_text(const CounterSet& counters, const Health& health,
                                       const QueueDepth& depth, const UploaderState& upload,
                                       const TimeQuality& time, std::uint64_t memory_bytes,
                                       const std::vector<LabelledGauge>& gauges);

class MetricsSocket {
 public:
  using Text = std::function<std::string()>;
  // As LocalListener::open().
  [[nodiscard]] static Result<std::unique_ptr<MetricsSocket>> open(const std::filesystem::path& path,
                                                                   Text text);
  ~MetricsSocket();  // takes the socket away
  MetricsSocket(const MetricsSocket&) = delete;
  MetricsSocket& operator=(const MetricsSocket&) = delete;

 private:
  MetricsSocket(LocalListener listener, Text text);
  void answer(int client) const;

  const LocalListener listener_;
  const Text text_;
  std::jthread thread_;
};

}  // namespace wayside::app
