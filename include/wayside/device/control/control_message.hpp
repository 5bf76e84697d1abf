// What is said over the daemon's control socket: a line of JSON each way, an object each.
//
//   {"do":"health"}                     ->  {"ok":true,"problems":[{"part":"uplink","reason":"..."}]}
//   {"do":"aim","every_ms":100}         ->  {"ok":true,"text":"...","aim":{...}} again and again
//   {"do":"nonsense"}                   ->  {"ok":false,"code":"invalid_input","reason":"..."}
//
// The answers' members are in control_answer.md, beside this file. No VRM is in any of them, but in those to
// `aim` with commissioning. Reasons and texts are not yet fit for a terminal: whoever shows them says how.
//
// Threads: pure. Failure: of a request: invalid_input, with what is wrong; of an answer: corrupt where it is
// none, else the code and the reason that the daemon gave.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "wayside/base/result.hpp"

namespace wayside {

inline constexpr std::size_t most_control_request_bytes = std::size_t{128} << 10;
// Of an answer: a picture is the longest.
inline constexpr std::size_t most_control_answer_bytes = std::size_t{4} << 20;

enum class ControlTask {
  health,
  counters,
  queue,
  authority,
  clock,
  privacy,
  watch_lists,
  identity,  // who the camera is, and whose
  enrol,
  load_authority,
  forget_view,     // what the view is compared with, so that it is learnt anew
  update,          // which system runs, and how its updates stand
  update_check,    // ask the back office for one now
  update_waiting,  // what update_install would have installed
  update_install,  // what has been fetched, now
  reload,          // read the running configuration again
  aim,
  snapshot,
};
[[nodiscard]] std::string_view to_string(ControlTask task);

struct ControlRequest {
  ControlTask task = ControlTask::health;
  // The installer is at work: reads are shown while aiming, and a snapshot shows what is in it. Who may say
  // so is for whoever asks to know, and to write down. Of aim and snapshot.
  bool commissioning = false;
  std::chrono::milliseconds every{100};  // between two reports, 100 to 10,000; of aim
  std::string document{};                // what is to be taken; of enrol and load_authority
  std::string actor{};                   // who asks, for the log and the trail; at most 64 bytes
};

// A line, without its end.
[[nodiscard]] std::string encode(const ControlRequest& request);
[[nodiscard]] Result<ControlRequest> parse_control_request(std::string_view line);

// The whole object, "ok" and all.
[[nodiscard]] Result<nlohmann::json> parse_control_answer(std::string_view line);
[[nodiscard]] std::string encode_refusal(const Error& error);

}  // namespace wayside
