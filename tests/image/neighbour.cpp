#include "tests/image/neighbour.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace wayside::image {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::array<std::uint8_t, 6> own_mac = {0x52, 0x54, 0x00, 0x77, 0x77, 0x77};
constexpr Neighbour::Address own_address = {10, 0, 2, 77};
// QEMU's, which leads on to the host that it runs on.
constexpr Neighbour::Address router = {10, 0, 2, 2};
constexpr std::uint16_t own_port = 40'000;
constexpr std::uint8_t icmp = 1, tcp = 6, udp = 17;
constexpr std::size_t ethernet_bytes = 14, ip_bytes = 20;
// Where logins, web pages, names and metrics are found.
constexpr std::uint16_t tcp_ports[] = {22, 23, 53, 80, 111, 443, 5355, 8080, 9090};
// Where name, boot, time, logs, printers, discovery, peers and metrics are found.
constexpr std::uint16_t udp_ports[] = {53,  67,  68,  69,   111,  123,  137,  161,  323,
                                       500, 514, 546, 1900, 4500, 5353, 5355, 9090, 9100};

void put16(Bytes& bytes, std::size_t number) {
  bytes.push_back(static_cast<std::uint8_t>(number >> 8U & 0xFFU));
  bytes.push_back(static_cast<std::uint8_t>(number & 0xFFU));
}
std::uint16_t get16(const Bytes& bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8U | bytes[at + 1]);
}
template <std::size_t n>
void put(Bytes& bytes, const std::array<std::uint8_t, n>& part) {
  bytes.insert(bytes.end(), part.begin(), part.end());
}

// RFC 1071.
std::uint16_t checksum(const Bytes& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += std::uint32_t{bytes[i]} << (i % 2 == 0 ? 8U : 0U);
  while (sum >> 16U != 0)
    sum = (sum & 0xFFFFU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}
void set_checksum(Bytes& bytes, std::size_t at, std::uint16_t sum) {
  bytes[at] = static_cast<std::uint8_t>(sum >> 8U);
  bytes[at + 1] = static_cast<std::uint8_t>(sum & 0xFFU);
}

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path)
    throw std::runtime_error("too long a path: " + path.string());
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

}  // namespace

Neighbour::Neighbour(const std::filesystem::path& socket) : path_(socket) {
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(path_);
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("no socket for the neighbour: " + path_.string());
}

Neighbour::~Neighbour() {
  ::close(socket_);
}

void Neighbour::send(const Bytes& frame) const {
  const sockaddr_un machine = address_of(path_.string() + ".machine");
  const auto until = steady_clock::now() + 30s;
  while (::sendto(socket_, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&machine), sizeof machine) < 0) {
    if ((errno != EAGAIN && errno != ENOBUFS) || steady_clock::now() > until)
      throw std::runtime_error(std::string("no machine takes what the neighbour sends: ") +
                               std::strerror(errno));
    std::this_thread::sleep_for(1ms);
  }
}

bool Neighbour::meets(const Address& host, std::chrono::milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  host_ = host;
  mac_.reset();
  while (!mac_ && steady_clock::now() < until) {
    Bytes frame(6, 0xFF);
    put(frame, own_mac);
    for (const unsigned word : {0x0806U, 1U, 0x0800U, 0x0604U, 1U})
      put16(frame, word);
    put(frame, own_mac);
    put(frame, own_address);
    put(frame, Mac{});
    put(frame, host_);
    send(frame);
    receive(500ms, true);
  }
  return mac_.has_value();
}

Bytes Neighbour::packet(std::uint8_t protocol, Bytes payload, std::uint8_t ttl) const {
  Bytes header = {0x45, 0};
  put16(header, ip_bytes + payload.size());
  for (const unsigned word : {0U, 0U})
    put16(header, word);
  header.push_back(ttl);
  header.push_back(protocol);
  put16(header, 0);
  put(header, own_address);
  put(header, host_);
  set_checksum(header, 10, checksum(header));
  if (protocol != icmp) {
    Bytes covered;
    put(covered, own_address);
    put(covered, host_);
    put16(covered, protocol);
    put16(covered, payload.size());
    covered.insert(covered.end(), payload.begin(), payload.end());
    set_checksum(payload, protocol == tcp ? 16 : 6, checksum(covered));
  } else {
    set_checksum(payload, 2, checksum(payload));
  }
  Bytes frame;
  put(frame, *mac_);
  put(frame, own_mac);
  put16(frame, 0x0800);
  frame.insert(frame.end(), header.begin(), header.end());
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

Bytes Neighbour::probe(std::uint16_t port, std::uint8_t ttl) const {
  constexpr unsigned header_words = 5, syn = 2;
  Bytes segment;
  for (const unsigned word :
       {unsigned{own_port}, unsigned{port}, 0U, 1U, 0U, 0U, header_words << 12U | syn, 64'000U, 0U, 0U})
    put16(segment, word);
  return packet(tcp, segment, ttl);
}

Neighbour::Found Neighbour::scan(const Address& host, std::uint16_t first, std::uint16_t last) {
  // So many lie in a network card until they are looked at; what then answers has taken them.
  constexpr unsigned at_once = 128;
  // The router hears all that is said, looks at no hardware address, and would begin a connection of its own to
  // the host for each port; what may not be passed on it does not. A host takes both alike.
  constexpr std::uint8_t at_its_end = 0, usual = 64;
  found_ = {};
  found_.whole = meets(host, 30s);
  if (!found_.whole) return found_;
  const Mac mac = *mac_;
  unsigned sent = 0;
  for (unsigned port = first; port <= last && found_.whole; ++port) {
    send(probe(static_cast<std::uint16_t>(port), host == router ? usual : at_its_end));
    if (++sent % at_once != 0 && port != last) continue;
    found_.whole = meets(host, 10s);
    mac_ = mac;
  }
  for (const std::uint16_t port : tcp_ports) {
    if (port >= first && port <= last) send(probe(port, usual));
  }
  for (const std::uint16_t port : udp_ports) {
    Bytes datagram;
    for (const unsigned word : {unsigned{own_port}, unsigned{port}, 8U, 0U})
      put16(datagram, word);
    send(packet(udp, datagram, usual));
  }
  send(packet(icmp, {8, 0, 0, 0, 0, 1, 0, 1}, usual));
  found_.whole = meets(host, 10s) && found_.whole;
  receive(2s, false);
  return found_;
}

void Neighbour::receive(std::chrono::milliseconds limit, bool until_met) {
  const auto until = steady_clock::now() + limit;
  while (!until_met || !mac_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    pollfd readable{socket_, POLLIN, 0};
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) != 1) return;
    Bytes frame(65536);
    const ssize_t got = ::recv(socket_, frame.data(), frame.size(), 0);
    if (got <= 0) return;
    frame.resize(static_cast<std::size_t>(got));
    take(frame);
  }
}

void Neighbour::take(const Bytes& frame) {
  constexpr std::size_t arp_bytes = 28;
  if (frame.size() < ethernet_bytes + std::min(ip_bytes, arp_bytes)) return;
  if (get16(frame, 12) == 0x0806 && frame.size() >= ethernet_bytes + arp_bytes) {
    if (get16(frame, 20) != 2 || !std::equal(host_.begin(), host_.end(), frame.begin() + 28)) return;
    mac_.emplace();
    std::copy_n(frame.begin() + 22, mac_->size(), mac_->begin());
    return;
  }
  if (get16(frame, 12) != 0x0800 || !std::equal(host_.begin(), host_.end(), frame.begin() + 26) ||
      !std::equal(own_address.begin(), own_address.end(), frame.begin() + 30))
    return;
  const std::size_t payload = ethernet_bytes + (frame[14] & 0x0FU) * 4U;
  if (frame.size() < payload + 8) return;
  // What reports a port as closed is an answer too.
  if (frame[23] == tcp) found_.tcp.insert(get16(frame, payload));
  if (frame[23] == udp) found_.udp.insert(get16(frame, payload));
  if (frame[23] == icmp && frame[payload] == 0) found_.echo = true;
  if (frame[23] == icmp && frame[payload] == 3 && frame.size() >= payload + 32)
    (frame[payload + 17] == tcp ? found_.tcp : found_.udp).insert(get16(frame, payload + 30));
}

}  // namespace wayside::image
