// The daemon's side of the control socket (wayside/device/control): answers whoever of the house asks,
// several at a time, with whatever it was given for each task; aim and snapshot it answers itself.
//
// One that is slow, silent or talks nonsense costs nothing but its own place: nobody is waited for. At most
// eight are let in, the next is told so; a request has five seconds to arrive whole, an answer ten to be
// taken and a client a minute between requests; of aiming, reports that are not taken are left out.
//
// Threads: one of its own, "control"; the answers are made on it, so none may wait for long. Ownership:
// aiming outlives it, as does what the answers refer to. Failure: a socket that cannot be had is an Error.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <nlohmann/json.hpp>

#include "wayside/base/result.hpp"
#include "wayside/device/control/control_message.hpp"

#include "src/app/aiming.hpp"
#include "src/app/local_socket.hpp"

namespace wayside::app {

// The members of an answer, without "ok". A task without one is unsupported.
using ControlAnswers =
    std::map<ControlTask, std::function<Result<nlohmann::json>(const ControlRequest& request)>>;

class ControlSocket {
 public:
  static constexpr std::size_t most_clients = 8;
  struct Limits {
    std::chrono::milliseconds request{5'000};
    std::chrono::milliseconds answer{10'000};
    std::chrono::milliseconds idle{60'000};
    std::chrono::milliseconds snapshot{3'000};  // for a frame to come
  };

  [[nodiscard]] static Result<std::unique_ptr<ControlSocket>> open(const std::filesystem::path& path,
                                                                   ControlAnswers answers, Aiming& aiming,
                                                                   Limits limits);
  [[nodiscard]] static Result<std::unique_ptr<ControlSocket>> open(const std::filesystem::path& path,
                                                                   ControlAnswers answers, Aiming& aiming) {
    return open(path, std::move(answers), aiming, Limits{});
  }
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

 private:
  using SteadyClock = std::chrono::steady_clock;
  struct Client;
  ControlSocket(LocalListener listener, ControlAnswers answers, Aiming& aiming, Limits limits);
  void run(const std::stop_token& stop);
  [[nodiscard]] int next_look_ms() const;
  void let_in();
  void hear(Client& client);
  void take(Client& client, std::string_view line);
  void answer(Client& client, const ControlRequest& request);
  void go_on(Client& client);
  void look_for_snapshot(Client& client);
  void say(Client& client, std::string line);
  void say(Client& client, nlohmann::json members);
  void send(Client& client);
  [[nodiscard]] bool is_done_with(const Client& client) const;

  const LocalListener listener_;
  const ControlAnswers answers_;
  Aiming& aiming_;
  const Limits limits_;
  std::list<Client> clients_;             // of the thread
  SteadyClock::time_point listens_at_{};  // not before
  std::jthread thread_;
};

}  // namespace wayside::app
