#include "src/app/control_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>

#include "wayside/base/log.hpp"

#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr int look_every_ms = 200;  // for the end of the daemon
constexpr int frame_look_ms = 20;   // for a frame that somebody waits for

std::string base64_of(const Bytes& bytes) {
  constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  text.pop_back();  // the zero at its end
  return text;
}

}  // namespace

struct ControlSocket::Client {
  explicit Client(LocalClient from) : peer(std::move(from)) {}

  LocalClient peer;
  bool gone = false;
  bool says_no_more = false;
  bool hangs_up_after = false;  // once what is to be said was
  std::string heard;            // of a request, not whole yet
  std::string to_say;
  SteadyClock::time_point since = SteadyClock::now();  // it was let in, or did its last
  std::optional<SteadyClock::time_point> hearing_since;
  std::optional<SteadyClock::time_point> saying_since;

  std::optional<ControlRequest> aims;
  SteadyClock::time_point report_due{};
  std::optional<ControlRequest> waits_for_picture;
  SteadyClock::time_point picture_until{};
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const std::filesystem::path& path,
                                                           ControlAnswers answers, Aiming& aiming,
                                                           Limits limits) {
  Result<LocalListener> listener = LocalListener::open(path);
  if (!listener) return fail(listener.error());
  return std::unique_ptr<ControlSocket>(
      new ControlSocket(std::move(*listener), std::move(answers), aiming, limits));
}

ControlSocket::ControlSocket(LocalListener listener, ControlAnswers answers, Aiming& aiming, Limits limits)
    : listener_(std::move(listener)), answers_(std::move(answers)), aiming_(aiming), limits_(limits) {
  thread_ = named_thread("control", [this](const std::stop_token& stop) { run(stop); });
}

ControlSocket::~ControlSocket() {
  thread_ = {};
  for (const Client& client : clients_) {
    if (client.aims) aiming_.end();
  }
}

void ControlSocket::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> all;
    const bool listens = SteadyClock::now() >= listens_at_;
    all.push_back({listens ? listener_.descriptor() : -1, POLLIN, 0});
    for (const Client& client : clients_) {
      const bool hears = !client.says_no_more && client.to_say.empty();
      all.push_back({client.peer.descriptor(),
                     static_cast<short>((hears ? POLLIN : 0) | (client.to_say.empty() ? 0 : POLLOUT)), 0});
    }
    if (::poll(all.data(), all.size(), next_look_ms()) < 0 && errno != EINTR)
      wait_unless(stop, LocalListener::rest());
    std::size_t i = 1;
    for (Client& client : clients_) {
      const short happened = all[i++].revents;
      if ((happened & POLLIN) != 0) hear(client);
      // Also of one that says nothing any more, and whom nobody would read from.
      if ((happened & (POLLERR | POLLNVAL)) != 0 || ((happened & POLLHUP) != 0 && (happened & POLLIN) == 0))
        client.gone = true;
      go_on(client);
    }
    if (all.front().revents != 0) let_in();
    std::erase_if(clients_, [this](const Client& client) {
      if (!is_done_with(client)) return false;
      if (client.aims) aiming_.end();
      return true;
    });
  }
}

int ControlSocket::next_look_ms() const {
  int next = look_every_ms;
  const auto now = SteadyClock::now();
  for (const Client& client : clients_) {
    if (client.waits_for_picture) next = std::min(next, frame_look_ms);
    if (!client.aims) continue;
    const auto left = std::chrono::ceil<milliseconds>(client.report_due - now).count();
    next = std::min(next, static_cast<int>(std::clamp<std::int64_t>(left, 0, look_every_ms)));
  }
  return next;
}

void ControlSocket::let_in() {
  std::optional<LocalClient> peer = listener_.accept();
  if (!peer) {
    listens_at_ = SteadyClock::now() + LocalListener::rest();
    return;
  }
  Client& client = clients_.emplace_back(std::move(*peer));
  if (!client.peer.is_of_the_house()) {
    log::warning("control_stranger_refused");
    say(client, encode_refusal({ErrorCode::refused, "only root and the camera's own group may ask"}));
    client.hangs_up_after = true;
  } else if (clients_.size() > most_clients) {
    say(client, encode_refusal({ErrorCode::exhausted,
                                fmt::format("{} others are asking already: end one of them", most_clients)}));
    client.hangs_up_after = true;
  }
  if (client.hangs_up_after) {
    send(client);
    client.gone = true;  // a socket's buffer takes so little at once
  }
}

void ControlSocket::hear(Client& client) {
  std::array<char, 4096> part{};
  const ssize_t more = ::recv(client.peer.descriptor(), part.data(), part.size(), MSG_DONTWAIT);
  if (more < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (more <= 0) {
    // One that aims or waits and does not listen any more is done with.
    client.says_no_more = true;
    client.gone = more < 0 || client.aims || client.waits_for_picture || client.to_say.empty();
    return;
  }
  if (client.aims) return;  // whatever it says now: hanging up ends the reports
  client.heard.append(part.data(), static_cast<std::size_t>(more));
  if (!client.hearing_since) client.hearing_since = SteadyClock::now();
}

// One request at a time: what has come behind it waits until it was answered.
void ControlSocket::go_on(Client& client) {
  const auto now = SteadyClock::now();
  if (client.gone) return;
  send(client);
  while (client.to_say.empty() && !client.aims && !client.waits_for_picture && !client.hangs_up_after) {
    const std::size_t end = client.heard.find('\n');
    if (end == std::string::npos) break;
    const std::string line = client.heard.substr(0, end);
    client.heard.erase(0, end + 1);
    client.hearing_since = client.heard.empty() ? std::nullopt : std::optional(now);
    client.since = now;
    take(client, line);
    send(client);
  }
  if (client.heard.size() > most_control_request_bytes) {
    say(client, encode_refusal({ErrorCode::invalid_input,
                                fmt::format("a request has at most {} bytes", most_control_request_bytes)}));
    client.heard.clear();
    client.hangs_up_after = true;
  }
  if (client.waits_for_picture) look_for_snapshot(client);
  if (client.aims && now >= client.report_due) {
    client.report_due = now + client.aims->every;
    // Whoever does not take them as fast as they come gets fewer.
    if (client.to_say.empty()) say(client, aiming_.report(client.aims->commissioning));
  }
  send(client);
}

void ControlSocket::take(Client& client, std::string_view line) {
  const Result<ControlRequest> request = parse_control_request(line);
  if (!request) {
    say(client, encode_refusal(request.error()));
    return;
  }
  answer(client, *request);
}

void ControlSocket::answer(Client& client, const ControlRequest& request) {
  if (request.task == ControlTask::aim) {
    log::info("aiming", {{"actor", request.actor}, {"commissioning", request.commissioning}});
    client.aims = request;
    client.report_due = SteadyClock::now() + request.every;
    aiming_.begin();
    return;
  }
  if (request.task == ControlTask::snapshot) {
    log::info("snapshot_asked_for", {{"actor", request.actor}, {"commissioning", request.commissioning}});
    client.waits_for_picture = request;
    client.picture_until = SteadyClock::now() + limits_.snapshot;
    aiming_.drop_snapshot(request.commissioning);  // an earlier one
    return;
  }
  const auto known = answers_.find(request.task);
  if (known == answers_.end()) {
    say(client, encode_refusal({ErrorCode::unsupported,
                                fmt::format("this camera has no \"{}\"", to_string(request.task))}));
    return;
  }
  Result<Json> members = known->second(request);
  if (members) {
    say(client, std::move(*members));
  } else {
    say(client, encode_refusal(members.error()));
  }
}

void ControlSocket::look_for_snapshot(Client& client) {
  const bool clear = client.waits_for_picture->commissioning;
  const std::optional<Result<Bytes>> jpeg = aiming_.snapshot(clear);
  if (!jpeg && SteadyClock::now() < client.picture_until) return;
  client.waits_for_picture.reset();
  if (!jpeg) {
    aiming_.drop_snapshot(clear);
    say(client, encode_refusal({ErrorCode::unavailable, "no picture comes from the camera"}));
  } else if (!*jpeg) {
    say(client, encode_refusal(jpeg->error()));
  } else {
    say(client, Json{{"jpeg", base64_of(**jpeg)}, {"blurred", !clear}});
  }
}

void ControlSocket::say(Client& client, Json members) {
  members["ok"] = true;
  say(client, members.dump(-1, ' ', true, Json::error_handler_t::replace));
}

void ControlSocket::say(Client& client, std::string line) {
  if (client.to_say.empty()) client.saying_since = SteadyClock::now();
  client.to_say += line + '\n';
}

void ControlSocket::send(Client& client) {
  std::size_t sent = 0;
  while (sent < client.to_say.size()) {
    const ssize_t more = ::send(client.peer.descriptor(), client.to_say.data() + sent,
                                client.to_say.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0 && errno != EAGAIN) client.gone = true;
    if (more <= 0) break;
    sent += static_cast<std::size_t>(more);
  }
  client.to_say.erase(0, sent);
  if (!client.to_say.empty()) return;
  if (client.saying_since) client.since = SteadyClock::now();
  client.saying_since.reset();
}

bool ControlSocket::is_done_with(const Client& client) const {
  const auto now = SteadyClock::now();
  const auto longer = [&](const std::optional<SteadyClock::time_point>& since, milliseconds limit) {
    return since && now - *since > limit;
  };
  if (client.gone || longer(client.saying_since, limits_.answer)) return true;
  if (client.to_say.empty() && (client.hangs_up_after || client.says_no_more)) return true;
  const bool busy = client.aims || client.waits_for_picture || !client.to_say.empty();
  return !busy && (longer(client.hearing_since, limits_.request) || now - client.since > limits_.idle);
}

}  // namespace wayside::app
