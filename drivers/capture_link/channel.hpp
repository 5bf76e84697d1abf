// One end of the socket pair between the capture process and the daemon.
//
// Threads: send() from any, receive() from one at a time. Ownership: owns its descriptors. Failure: nothing
// waits. A peer that does not read makes send() answer full, one that has ended closed.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/descriptor.hpp"

namespace wayside::capture_link {

enum class Sent { done, full, closed };

class Channel {
 public:
  explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}
  // Both ends, closed on exec.
  [[nodiscard]] static Result<std::pair<Channel, Channel>> make_pair();

  Sent send(ByteView message, std::span<const int> descriptors = {}) const;

  struct Received {
    Bytes message;
    std::vector<Descriptor> descriptors;
  };
  // Nothing: nothing has come. Fails with unavailable where the peer has ended, with corrupt where a datagram
  // or its descriptors are more than any message has.
  [[nodiscard]] Result<std::optional<Received>> receive() const;

  [[nodiscard]] int descriptor() const { return socket_.get(); }

 private:
  Descriptor socket_;
};

}  // namespace wayside::capture_link
