#include "tests/vm/machine/usb_camera.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wayside/base/little_endian.hpp"

#include "tests/vm/machine/uvc_descriptors.hpp"

namespace wayside::vm {

namespace {

using std::chrono::steady_clock;

// Kinds of usbredir packets, and what this side can do.
enum Kind : std::uint32_t {
  hello = 0,
  device_connect = 1,
  reset = 3,
  interface_info = 4,
  endpoint_info = 5,
  set_configuration = 6,
  get_configuration = 7,
  configuration_status = 8,
  set_alternate = 9,
  get_alternate = 10,
  alternate_status = 11,
  cancel = 21,
  control_packet = 100,
  bulk_packet = 101,
};
constexpr std::uint32_t ids_of_64_bits = 1U << 5U;
constexpr std::uint32_t capabilities =
    1U << 1U | 1U << 4U | ids_of_64_bits | 1U << 6U;  // version, packet sizes, and long bulk packets
constexpr std::uint8_t done = 0, cancelled = 1, stalled = 4;
constexpr std::size_t hello_bytes = 68;
constexpr std::uint32_t most_packet_bytes = 1U << 20U;

class Packet {
 public:
  template <std::unsigned_integral Number>
  Packet& put(Number number) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof number);
    little_endian::put(std::span(bytes_), at, number);
    return *this;
  }
  Packet& u8(unsigned number) { return put(static_cast<std::uint8_t>(number)); }
  Packet& u16(std::size_t number) { return put(static_cast<std::uint16_t>(number)); }
  Packet& u32(std::size_t number) { return put(static_cast<std::uint32_t>(number)); }
  Packet& add(ByteView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

int connect_to(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path)
    throw std::runtime_error("too long a path: " + path.string());
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    throw std::runtime_error("no machine serves " + path.string() + ": " + std::strerror(errno));
  }
  return socket;
}

}  // namespace

// From plugging in to pulling out.
class UsbCamera::Connection {
 public:
  Connection(UsbCamera& camera, int socket)
      : camera_(camera),
        socket_(socket),
        form_{camera.options_.width, camera.options_.height,
              static_cast<std::uint32_t>(1e7 / camera.options_.frames_per_s), camera.options_.declare_yuyv},
        between_(std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / camera.options_.frames_per_s))) {}
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void live(const std::stop_token& stop) {
    Packet greeting;
    greeting.add(as_bytes("wayside camera"));
    while (greeting.bytes().size() < 64)
      greeting.u8(0);
    greeting.u32(capabilities);
    send(hello, 0, greeting);
    while (!stop.stop_requested() && receive(wait_ms()))
      play();
  }

 private:
  struct Asked {
    std::uint64_t id;
    std::uint8_t endpoint;
    std::uint32_t bytes;
    std::uint32_t stream;
  };

  [[nodiscard]] int wait_ms() const {
    constexpr int slice = 50;  // in which a pull is noticed
    if (!asked_.empty() && !current_ && !silent()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - steady_clock::now()).count();
      return static_cast<int>(std::clamp<std::int64_t>(left, 0, slice));
    }
    return slice;
  }
  [[nodiscard]] bool silent() const {
    return (!camera_.options_.again_from_the_start && camera_.next_ == camera_.pictures_.size()) ||
           (camera_.options_.on_request && camera_.sent_ >= camera_.asked_);
  }

  bool receive(int limit_ms) {
    pollfd readable{socket_, POLLIN, 0};
    if (::poll(&readable, 1, limit_ms) != 1) return true;
    std::uint8_t part[65536];
    const ssize_t got = ::recv(socket_, part, sizeof part, 0);
    if (got <= 0) return false;
    heard_.insert(heard_.end(), part, part + got);
    for (;;) {
      const std::size_t head = long_ids_ ? 16 : 12;
      if (heard_.size() < head) return true;
      const auto kind = little_endian::get<std::uint32_t>(heard_, 0);
      const auto length = little_endian::get<std::uint32_t>(heard_, 4);
      if (length > most_packet_bytes) return false;
      if (heard_.size() < head + length) return true;
      const std::uint64_t id = long_ids_ ? little_endian::get<std::uint64_t>(heard_, 8)
                                         : little_endian::get<std::uint32_t>(heard_, 8);
      const auto begin = heard_.begin() + static_cast<std::ptrdiff_t>(head);
      const Bytes body(begin, begin + length);
      heard_.erase(heard_.begin(), begin + length);
      answer(kind, id, body);
    }
  }

  void answer(std::uint32_t kind, std::uint64_t id, const Bytes& body) {
    switch (kind) {
      case hello:
        if (body.size() < hello_bytes) return;
        long_ids_ = (little_endian::get<std::uint32_t>(body, 64) & ids_of_64_bits) != 0;
        introduce();
        break;
      case reset:
        asked_.clear();
        end_stream();
        break;
      case set_configuration:
      case get_configuration:
        send(configuration_status, id, Packet().u8(done).u8(1));
        break;
      case set_alternate:
        if (body.size() >= 2) send(alternate_status, id, Packet().u8(done).u8(body[0]).u8(body[1]));
        break;
      case get_alternate:
        if (!body.empty()) send(alternate_status, id, Packet().u8(done).u8(body[0]).u8(0));
        break;
      case cancel:
        withdraw(id);
        break;
      case control_packet:
        if (body.size() >= 10) control(id, body);
        break;
      case bulk_packet:
        if (body.size() >= 10) {
          asked_.push_back({id, body[0],
                            std::uint32_t{little_endian::get<std::uint16_t>(body, 2)} +
                                (std::uint32_t{little_endian::get<std::uint16_t>(body, 8)} << 16U),
                            little_endian::get<std::uint32_t>(body, 4)});
        }
        break;
      default:
        break;
    }
  }

  void introduce() {
    constexpr std::size_t interfaces = 32, endpoints = 32;
    Packet info;
    info.u32(2);
    const auto column = [&](std::initializer_list<unsigned> first) {
      for (std::size_t i = 0; i < interfaces; ++i)
        info.u8(i < first.size() ? first.begin()[i] : 0);
    };
    column({0, 1});
    column({0x0E, 0x0E});
    column({1, 2});
    column({});
    send(interface_info, 0, info);
    // Endpoint 0 both ways, and 0x81, whose place is 17.
    constexpr std::size_t out = 0, in = 16, video = 17;
    constexpr unsigned control = 0, bulk = 2, invalid = 255;
    Packet ends;
    for (std::size_t i = 0; i < endpoints; ++i)
      ends.u8(i == out || i == in ? control : i == video ? bulk : invalid);
    for (std::size_t i = 0; i < endpoints; ++i)
      ends.u8(0);
    for (std::size_t i = 0; i < endpoints; ++i)
      ends.u8(i == video ? 1 : 0);
    for (std::size_t i = 0; i < endpoints; ++i)
      ends.u16(i == out || i == in ? 64 : i == video ? bulk_packet_bytes : 0);
    send(endpoint_info, 0, ends);
    constexpr unsigned high_speed = 2;
    send(device_connect, 0,
         Packet().u8(high_speed).u8(0xEF).u8(2).u8(1).u16(vendor_id).u16(product_id).u16(0x0100));
  }

  void control(std::uint64_t id, const Bytes& body) {
    const std::uint8_t endpoint = body[0], request = body[1], type = body[2];
    const auto value = little_endian::get<std::uint16_t>(body, 4);
    const auto index = little_endian::get<std::uint16_t>(body, 6);
    const auto length = little_endian::get<std::uint16_t>(body, 8);
    const bool to_host = (type & 0x80U) != 0;
    std::optional<Bytes> data =
        to_host ? told(request, type, value, index) : heed(request, type, value, index);
    Packet packet;
    packet.u8(endpoint).u8(request).u8(type).u8(data ? done : stalled).u16(value).u16(index);
    if (data && data->size() > length) data->resize(length);
    packet.u16(!data ? 0 : to_host ? data->size() : length);
    if (data && to_host) packet.add(*data);
    send(control_packet, id, packet);
  }

  // Nothing: there is no such thing, which USB calls a stall.
  [[nodiscard]] std::optional<Bytes> told(std::uint8_t request, std::uint8_t type, std::uint16_t value,
                                          std::uint16_t index) const {
    constexpr std::uint8_t get_status = 0, get_descriptor = 6, get_length = 0x85, get_info = 0x86;
    if (type == 0x80 && request == get_descriptor) {
      const Bytes descriptor = value >> 8U == 1   ? device_descriptor()
                               : value >> 8U == 2 ? configuration_descriptor(form_)
                               : value >> 8U == 3
                                   ? string_descriptor(static_cast<std::uint8_t>(value & 0xFFU))
                                   : Bytes{};
      return descriptor.empty() ? std::nullopt : std::optional(descriptor);
    }
    if ((type == 0x80 || type == 0x81 || type == 0x82) && request == get_status) return Bytes{0, 0};
    if (type != 0xA1 || (index & 0xFFU) != 1) return std::nullopt;
    const Bytes parameters = stream_parameters(form_);
    if (request == get_length) return Bytes{static_cast<std::uint8_t>(parameters.size()), 0};
    if (request == get_info) return Bytes{3};  // can be read and written
    return parameters;
  }
  std::optional<Bytes> heed(std::uint8_t request, std::uint8_t type, std::uint16_t value,
                            std::uint16_t index) {
    constexpr std::uint8_t clear_feature = 1, set_current = 1;
    if (type == 0x02 && request == clear_feature) end_stream();
    if (type == 0x21 && (index & 0xFFU) == 1 && request == set_current && value >> 8U == 2) {  // commit
      end_stream();
      ++camera_.streams_;
      due_ = steady_clock::now() + between_;
    }
    if (type <= 2 || (type == 0x21 && (index & 0xFFU) == 1)) return Bytes{};
    return std::nullopt;
  }

  // A picture that is under way is not sent to its end; the next stream begins with a new one.
  void end_stream() { current_.reset(); }

  void withdraw(std::uint64_t id) {
    const auto found =
        std::find_if(asked_.begin(), asked_.end(), [id](const Asked& a) { return a.id == id; });
    if (found == asked_.end()) return;
    const Asked asked = *found;
    asked_.erase(found);
    send(bulk_packet, id, Packet().u8(asked.endpoint).u8(cancelled).u16(0).u32(asked.stream).u16(0));
  }

  void play() {
    constexpr std::uint8_t header_bytes = 2, end_of_header = 0x80, end_of_frame = 2;
    while (!asked_.empty()) {
      if (!current_) {
        if (silent()) return;
        if (steady_clock::now() < due_) return;
        // What the guest has not asked for in time is late, and not lost.
        due_ = std::max(due_ + between_, steady_clock::now());
        current_ = camera_.next_++ % camera_.pictures_.size();
        offset_ = 0;
        turn_ = turn_ == 0 ? 1 : 0;
      }
      const Bytes& picture = camera_.pictures_[*current_];
      const Asked asked = asked_.front();
      asked_.pop_front();
      const std::size_t room = std::min(asked.bytes, payload_bytes) - header_bytes;
      const std::size_t bytes = std::min(room, picture.size() - offset_);
      const bool last = offset_ + bytes == picture.size();
      Packet payload;
      payload.u8(asked.endpoint).u8(done).u16((bytes + header_bytes) & 0xFFFFU).u32(asked.stream);
      payload.u16((bytes + header_bytes) >> 16U);
      payload.u8(header_bytes).u8(end_of_header | turn_ | (last ? end_of_frame : 0U));
      payload.add(ByteView(picture).subspan(offset_, bytes));
      offset_ += bytes;
      send(bulk_packet, asked.id, payload);
      if (!last) continue;
      current_.reset();
      ++camera_.sent_;
      camera_.at_end_ = !camera_.options_.again_from_the_start && camera_.next_ == camera_.pictures_.size();
    }
  }

  void send(std::uint32_t kind, std::uint64_t id, const Packet& body) {
    Packet packet;
    packet.put(kind).u32(body.bytes().size());
    if (long_ids_) {
      packet.put(id);
    } else {
      packet.u32(id);
    }
    packet.add(body.bytes());
    for (std::size_t sent = 0; sent < packet.bytes().size();) {
      const ssize_t put =
          ::send(socket_, packet.bytes().data() + sent, packet.bytes().size() - sent, MSG_NOSIGNAL);
      if (put <= 0) return;  // receive() notices
      sent += static_cast<std::size_t>(put);
    }
  }

  UsbCamera& camera_;
  int socket_;
  const UvcForm form_;
  const steady_clock::duration between_;
  bool long_ids_ = false;
  Bytes heard_;
  std::deque<Asked> asked_;
  std::optional<std::size_t> current_;  // the picture under way
  std::size_t offset_ = 0;
  unsigned turn_ = 0;  // the frame id bit
  steady_clock::time_point due_{};
};

std::vector<std::string> usb_words(const std::filesystem::path& socket) {
  return {"-device",  "qemu-xhci",
          "-chardev", "socket,id=camera,server=on,wait=off,path=" + socket.string(),
          "-device",  "usb-redir,chardev=camera"};
}

UsbCamera::UsbCamera(UsbCameraOptions options, std::vector<Bytes> pictures)
    : options_(std::move(options)), pictures_(std::move(pictures)) {
  if (pictures_.empty()) throw std::runtime_error("a camera without pictures");
}

void UsbCamera::plug() {
  unplug();
  auto connection = std::make_shared<Connection>(*this, connect_to(options_.socket));
  thread_ = std::jthread([connection](const std::stop_token& stop) { connection->live(stop); });
}

void UsbCamera::unplug() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_ = {};
}

}  // namespace wayside::vm
