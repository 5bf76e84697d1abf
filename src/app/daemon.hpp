// The camera as a whole, put together from its configuration and run until its source ends or it is told to
// stop.
//
// Threads: call from main(), one at a time: while it runs, SIGTERM and SIGINT are its own.
// Failure: what stops a camera from capturing (recording, queue) is an Error. Damaged or missing models are
// none where the camera runs as a service: it stays up, unhealthy, delivers what it has and looks again every
// ten seconds; with until_delivered set somebody waits for a recording, and it is an Error. What stops it
// from delivering (identity, certificates, network) is logged, counted and tried again, with the records in
// the queue.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "wayside/base/result.hpp"
#include "wayside/device/config/configuration.hpp"

namespace wayside::app {

class StoredConfiguration;

struct DaemonOptions {
  std::filesystem::path models;
  std::optional<std::filesystem::path> report;
  // After the source has ended: how long to wait until the back office has every record.
  std::optional<std::chrono::seconds> until_delivered;
};

// Fails also where the source failed or records were not delivered in time; then all that could be done has
// been.
[[nodiscard]] Status run_daemon(const Configuration& configuration, const DaemonOptions& options);

// Runs what a configuration store says should run, and takes over what it says next: at once what the parts
// of the camera can take, and begins anew within this process what they cannot. Where there is no
// configuration yet, it cannot be read or the camera cannot begin with it, it waits, unhealthy, for another:
// ending for it would have the machine restarted, and mend nothing. Fails only where a camera that had begun
// fails.
[[nodiscard]] Status run_stored_daemon(StoredConfiguration& stored, const DaemonOptions& options);

}  // namespace wayside::app
