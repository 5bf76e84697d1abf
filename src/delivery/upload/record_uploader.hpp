// The uploader with its pauses handed in: how make_uploader() makes it, and how tests make it fast.
//
// Threads and failure: as Uploader.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

#include "wayside/delivery/upload/uploader.hpp"

namespace wayside::upload {

// Returns when the time has passed or stop is requested.
using Pause = std::function<void(std::stop_token, std::chrono::milliseconds)>;

void pause_for_real(std::stop_token stop, std::chrono::milliseconds time);

[[nodiscard]] std::unique_ptr<Uploader> make_uploader_pausing(UploaderOptions options, RecordQueue& queue,
                                                              BackOffice& back_office, CounterSet& counters,
                                                              Pause pause);

}  // namespace wayside::upload
