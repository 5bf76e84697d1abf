// A local socket that other processes of this machine connect to.
//
// Threads: one at a time. Ownership: the file at the path and the descriptor are the listener's, and go with
// it. Failure: a socket that cannot be had is an Error that names the path.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "wayside/base/result.hpp"

namespace wayside::app {

// Whoever has connected; hung up on when it goes.
class LocalClient {
 public:
  explicit LocalClient(int descriptor) : descriptor_(descriptor) {}
  ~LocalClient();
  LocalClient(LocalClient&& other) noexcept;
  LocalClient& operator=(LocalClient&& other) noexcept;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Root, this process's own user, or one of its group: by what the kernel knew when it connected.
  [[nodiscard]] bool is_of_the_house() const;

 private:
  int descriptor_;
};

class LocalListener {
 public:
  // What a killed process left there is taken over; a socket that somebody listens on, and anything else at
  // the path, is refused. For owner and group alone.
  [[nodiscard]] static Result<LocalListener> open(const std::filesystem::path& path);
  ~LocalListener();
  LocalListener(LocalListener&& other) noexcept;
  LocalListener& operator=(LocalListener&&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }  // to poll for whoever comes
  // Nothing where nobody waits any more, or none can be let in now (no descriptor is left): the one who waits
  // then keeps the socket readable, so rest() before the next poll, or it is a spin.
  [[nodiscard]] std::optional<LocalClient> accept() const;
  [[nodiscard]] static constexpr std::chrono::milliseconds rest() { return std::chrono::milliseconds(250); }

 private:
  LocalListener(std::filesystem::path path, int descriptor);

  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace wayside::app
