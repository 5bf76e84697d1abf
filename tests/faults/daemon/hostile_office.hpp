// The real back office's handling behind a server that misbehaves in every way that a network, a proxy or a
// broken release could: it takes records for real or not at all, and answers what it likes.
//
// It never says "accepted" with the right hash of what it has not stored: nobody can find out such a liar.
//
// Threads: as an HTTP server's; the setters from one. Ownership: authority and store outlive it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <httplib.h>
#include <nlohmann/json.hpp>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "src/backoffice/api.hpp"
#include "src/backoffice/batch.hpp"
#include "src/device/identity/pem.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::faults {

class HostileOffice {
 public:
  HostileOffice(const backoffice::Authority& authority, backoffice::Store& store, std::uint64_t seed)
      : authority_(authority),
        authorities_(authority.deployment()),
        lists_(authority.watch_lists()),
        updates_(authority.updates()),
        revoked_(authority.revoked()),
        store_(store),
        random_(seed) {
    auto keys = backoffice::OfficeKeys::load(authority.recipients());
    if (!keys) throw std::runtime_error(keys.error().message);
    keys_ = std::move(*keys);
    api_ = std::make_unique<backoffice::Api>(store_, *keys_, authorities_, lists_, updates_, revoked_,
                                             nullptr);
    start();
  }
  ~HostileOffice() { stop(); }
  HostileOffice(const HostileOffice&) = delete;
  HostileOffice& operator=(const HostileOffice&) = delete;

  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  void be_friendly(bool friendly) { friendly_ = friendly; }
  // Cuts off everybody, and comes back on the same port.
  void restart() {
    stop();
    start();
  }

  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] std::uint64_t faults() const { return faults_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

 private:
  enum class Fault {
    none,
    cut_before_storing,
    cut_after_storing,
    cut_in_the_answer,
    late,
    stalls,
    drips,
    fails_after_storing,
    busy,
    too_large,
    wrong_hash,
    accepted_without_storing,  // with a wrong hash
    receipt_missing,
    no_json,
    answers_twice,
    answer_of_another,
    text_missing,
    refused,
    count
  };

  void start() {
    stopping_ = false;
    http_ = std::make_unique<httplib::SSLServer>([this](SSL_CTX& context) {
      SSL_CTX_set_num_tickets(&context, 0);
      SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      return SSL_CTX_use_certificate_chain_file(&context, authority_.server_certificate().c_str()) == 1 &&
             SSL_CTX_use_PrivateKey_file(&context, authority_.server_key().c_str(), SSL_FILETYPE_PEM) == 1 &&
             SSL_CTX_load_verify_file(&context, authority_.ca_certificate().c_str()) == 1;
    });
    http_->new_task_queue = [] { return new httplib::ThreadPool(16); };
    http_->set_keep_alive_timeout(1);
    http_->set_tcp_nodelay(true);
    const auto serve = [this](const httplib::Request& request, httplib::Response& response,
                              const httplib::ContentReader& reader) {
      this->serve(request, response, reader);
    };
    http_->Post(".*", serve).Put(".*", serve);
    if (port_ == 0)
      port_ = http_->bind_to_any_port("127.0.0.1");
    else if (!http_->bind_to_port("127.0.0.1", port_))
      port_ = -1;
    if (port_ <= 0) throw std::runtime_error("the hostile office's port cannot be bound");
    thread_ = std::jthread([this] { http_->listen_after_bind(); });
    while (!http_->is_running())
      std::this_thread::yield();
  }
  void stop() {
    stopping_ = true;
    http_->stop();
    thread_.join();
  }

  std::uint64_t below(std::uint64_t end) {
    const std::lock_guard lock(mutex_);
    return random_() % end;
  }
  Fault choose() {
    if (friendly_ || below(5) < 2) return Fault::none;
    return static_cast<Fault>(below(static_cast<std::uint64_t>(Fault::count)));
  }
  void wait(std::chrono::milliseconds time) const {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!stopping_ && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  static void hang_up(const httplib::Request& request) {
    const int socket = SSL_get_fd(request.ssl);
    const linger reset{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::shutdown(socket, SHUT_RDWR);
  }
  static void put(httplib::Response& response, const backoffice::Answer& answer) {
    response.status = answer.status;
    if (answer.retry_after) response.set_header("Retry-After", std::to_string(answer.retry_after->count()));
    if (!answer.body.empty()) response.set_content(answer.body, "application/json");
  }
  // In pieces, up to `bytes` of them; then the connection is cut where that is not all.
  static void put_slowly(httplib::Response& response, const std::string& body, std::size_t piece,
                         std::size_t bytes) {
    response.status = 200;
    response.set_content_provider(
        body.size(), "application/json",
        [body, piece, bytes](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
          if (offset >= bytes) return false;
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
          return sink.write(body.data() + offset, std::min({piece, length, bytes - offset}));
        });
  }

  backoffice::Answer take(const httplib::Request& request, const std::string& body) {
    const auto target = backoffice::target_from(request.path);
    if (!target) return backoffice::Api::answer(404, "refused", "there is nothing under this path");
    const pem::Certificate certificate(SSL_get1_peer_certificate(request.ssl));
    backoffice::Peer peer{pem::common_name(*X509_get_subject_name(certificate.get())), {}};
    X509_digest(certificate.get(), EVP_sha256(), peer.certificate.data(), nullptr);
    if (auto refused = api_->refuse_peer(*target, peer)) return *refused;
    backoffice::Answer answer = api_->take(*target, body, doubles::BackOfficeDouble::now());
    const std::string duplicate = R"("outcome":"duplicate")";
    for (auto at = answer.body.find(duplicate); at != std::string::npos;
         at = answer.body.find(duplicate, at + 1))
      ++duplicates_;
    return answer;
  }

  void serve(const httplib::Request& request, httplib::Response& response,
             const httplib::ContentReader& reader) {
    std::string body;
    if (!reader([&](const char* data, std::size_t size) {
          body.append(data, size);
          return true;
        })) {
      return hang_up(request);  // the camera died while it sent
    }
    ++requests_;
    const Fault fault = choose();
    faults_ += fault == Fault::none ? 0 : 1;
    switch (fault) {
      case Fault::cut_before_storing:
        return hang_up(request);
      case Fault::stalls:
        wait(std::chrono::milliseconds(1000 + below(1000)));
        return hang_up(request);
      case Fault::busy:
        return put(response, {503, {}, std::chrono::seconds(below(2))});
      case Fault::too_large:
        return put(response, backoffice::Api::answer(413, "refused", "so it says"));
      default:
        break;
    }
    if (request.method == "POST" &&
        (fault == Fault::accepted_without_storing || fault == Fault::text_missing || fault == Fault::refused))
      return put(response, lie(body, fault));
    const backoffice::Answer answer = take(request, body);
    const std::string another = exchange_last(answer.body);
    switch (fault) {
      case Fault::cut_after_storing:
        return hang_up(request);
      case Fault::cut_in_the_answer:
        return put_slowly(response, answer.body, 20, answer.body.size() / 2);
      case Fault::late:
        wait(std::chrono::milliseconds(50 + below(600)));
        return put(response, answer);
      case Fault::drips:
        return put_slowly(response, answer.body, 1 + below(50), answer.body.size());
      case Fault::fails_after_storing:
        return put(response, {500});
      case Fault::wrong_hash:
        return put(response, with_receipts(answer, [](nlohmann::json& receipts) {
                     if (receipts.back().contains("sha256")) receipts.back()["sha256"] = std::string(64, '0');
                   }));
      case Fault::receipt_missing:
        return put(response, with_receipts(answer, [](nlohmann::json& receipts) { receipts.erase(0); }));
      case Fault::no_json:
        return put(response, {200, answer.body.substr(0, answer.body.size() / 2)});
      case Fault::answers_twice: {
        const std::string first = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                                  std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
        SSL_write(const_cast<SSL*>(request.ssl), first.data(), static_cast<int>(first.size()));
        return put(response, take(request, body));
      }
      case Fault::answer_of_another:
        return put(response, {200, another});
      default:
        return put(response, answer);
    }
  }

  // As many receipts as the batch has frames, with nothing behind them.
  static backoffice::Answer lie(const std::string& body, Fault fault) {
    const auto batch = backoffice::parse_batch(as_bytes(body));
    nlohmann::json receipts = nlohmann::json::array();
    for (std::size_t i = 0; batch && i < batch->size(); ++i) {
      if (fault == Fault::accepted_without_storing)
        receipts.push_back({{"outcome", "accepted"}, {"sha256", std::string(64, 'a')}});
      else
        receipts.push_back(
            {{"outcome", fault == Fault::refused ? "refused" : "text_missing"}, {"reason", "so it says"}});
    }
    return {200, nlohmann::json{{"receipts", receipts}}.dump()};
  }
  template <class Change>
  static backoffice::Answer with_receipts(backoffice::Answer answer, const Change& change) {
    nlohmann::json json = nlohmann::json::parse(answer.body, nullptr, false);
    if (json.is_object() && json.contains("receipts") && !json["receipts"].empty()) change(json["receipts"]);
    answer.body = json.dump();
    return answer;
  }
  std::string exchange_last(const std::string& answer) {
    const std::lock_guard lock(mutex_);
    return std::exchange(last_answer_, answer);
  }

  const backoffice::Authority& authority_;
  backoffice::IssuedAuthorities authorities_;
  backoffice::GivenLists lists_;
  backoffice::Updates updates_;
  backoffice::RevokedCameras revoked_;
  backoffice::Store& store_;
  std::unique_ptr<backoffice::OfficeKeys> keys_;
  std::unique_ptr<backoffice::Api> api_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::string last_answer_;
  std::atomic<bool> friendly_{false}, stopping_{false};
  std::atomic<std::uint64_t> requests_{0}, faults_{0}, duplicates_{0};
  int port_ = 0;
  std::unique_ptr<httplib::SSLServer> http_;
  std::jthread thread_;
};

}  // namespace wayside::faults
