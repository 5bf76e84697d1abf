// Takes records from the queue to the back office until told to stop: text before pictures, oldest first, each part the
// same bytes again until there is a receipt, full-jitter back-off when there is none.
//
// Threads: run() is the body of the upload thread; wake() from any. Holds no lock across the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside {

struct UploaderOptions {
  std::string device_id;
  std::chrono::milliseconds first_retry{500};
  std::chrono::milliseconds longest_retry{60'000};
  std::uint64_t jitter_seed = 0;  // 0: from the system
};

class Uploader {
 public:
  virtual ~Uploader() = default;
  // Until stop is requested; a delivery under way is finished first.
  virtual void run(std::stop_token stop) = 0;
  // New records are there.
  virtual void wake() = 0;
  // Waits until nothing is pending or the limit has passed; true: drained.
  virtual bool wait_drained(std::chrono::milliseconds limit) = 0;
};

// Counts records_delivered, records_duplicate, records_dead_lettered, records_quarantined, uploads_retried in counters.
[[nodiscard]] std::unique_ptr<Uploader> make_uploader(UploaderOptions options, RecordQueue& queue,
                                                      BackOffice& back_office, CounterSet& counters);

}  // namespace wayside
