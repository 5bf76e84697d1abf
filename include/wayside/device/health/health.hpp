// What keeps the camera from its work, part by part, for whoever asks: the service manager, the heartbeat.
//
// Threads: any; a call holds a mutex for the length of a copy. Ownership: owns its sentences. Failure: none.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace wayside {

class Health {
 public:
  // A part ("recognition", "uplink") that cannot do its work, and why: one sentence, with what to do.
  // Replaces what was said of it before. True: that is news, and worth a line in the log.
  bool ill(std::string_view part, std::string reason);
  void well(std::string_view part);

  // What a part is at, in a word or a few, where that is no problem ("exposure": "left to the camera").
  // True: that is news.
  bool says(std::string_view part, std::string state);
  [[nodiscard]] std::map<std::string, std::string> states() const;

  // By part, in the order of their names; empty: all is well.
  [[nodiscard]] std::map<std::string, std::string> problems() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> problems_;
  std::map<std::string, std::string, std::less<>> states_;
};

}  // namespace wayside
