// Another host on a camera's network: it looks for what the camera opens to whoever is there. Of Ethernet,
// ARP, IPv4, TCP and UDP (IEEE 802.3, RFC 826, 791, 9293, 768) only what a port scan needs.
//
// Threads: one. Failure: std::runtime_error where its socket cannot be used.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "wayside/base/bytes.hpp"

namespace wayside::image {

class Neighbour {
 public:
  using Address = std::array<std::uint8_t, 4>;

  // socket: as CameraMachineOptions has it. From now on it must look at what comes: a machine that finds a
  // full socket tries again all the time.
  explicit Neighbour(const std::filesystem::path& socket);
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  ~Neighbour();

  // It has a network card there, and what was sent to it before has been taken from the wire by then.
  [[nodiscard]] bool meets(const Address& host, std::chrono::milliseconds limit);

  struct Found {
    std::set<std::uint16_t> tcp;  // ports from which anything at all came back
    std::set<std::uint16_t> udp;
    bool echo = false;   // it answers pings
    bool whole = false;  // every probe reached its card
  };
  // TCP: all ports from first to last. UDP: some that services are found at.
  [[nodiscard]] Found scan(const Address& host, std::uint16_t first = 1, std::uint16_t last = 65535);

 private:
  using Mac = std::array<std::uint8_t, 6>;

  void send(const Bytes& frame) const;
  // Looks at what comes until the limit has passed or there is a hardware address of the host's.
  void receive(std::chrono::milliseconds limit, bool until_met);
  void take(const Bytes& frame);
  [[nodiscard]] Bytes packet(std::uint8_t protocol, Bytes payload, std::uint8_t ttl) const;
  [[nodiscard]] Bytes probe(std::uint16_t port, std::uint8_t ttl) const;

  std::filesystem::path path_;
  int socket_ = -1;
  Address host_{};
  std::optional<Mac> mac_;
  Found found_;
};

}  // namespace wayside::image
