// The queue over any Disk: how open_record_queue() makes it, and how tests put a faulty device below it.
//
// Threads and failure: as open_record_queue(). Ownership: the queue owns the disk.
#pragma once

#include <memory>

#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/disk.hpp"

namespace wayside::flash {

[[nodiscard]] Result<std::unique_ptr<RecordQueue>> open_queue(std::unique_ptr<Disk> disk,
                                                              const QueueOptions& options);

}  // namespace wayside::flash
