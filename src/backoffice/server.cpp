#include "wayside/backoffice/server.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <fmt/format.h>
#include <httplib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "wayside/backoffice/unlock_keys.hpp"
#include "wayside/base/log.hpp"

#include "src/backoffice/api.hpp"
#include "src/backoffice/connection_guard.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

// Each open connection holds a thread: so many cameras are served at once, the others wait.
constexpr std::size_t threads = 32;
constexpr std::size_t requests_per_connection = 10'000;
constexpr time_t idle_s = 3;
constexpr time_t slow_peer_s = 10;
// A body over the limit is read so far, so that the camera gets its answer and not a broken connection; the
// guard cuts off what goes on.
constexpr std::size_t drained_bytes = 2 * batch_limit_bytes;
// httplib keeps a line of the head in memory however long it is; a body it skips. Times are several times
// what a camera on a bad mobile link takes. Of many cameras behind one address that come all at once some are
// sent away for a moment, and try again.
constexpr ConnectionGuard::Limits limits{.handshake = std::chrono::seconds(10),
                                         .request = std::chrono::seconds(60),
                                         .request_bytes = 8 << 20,
                                         .strangers = threads / 2,
                                         .of_address = threads / 4,
                                         .of_peer = threads / 4,
                                         .patience = std::chrono::seconds(1)};
constexpr std::chrono::seconds grace_at_stop{2};

std::optional<Peer> peer_of(const SSL* connection) {
  if (connection == nullptr) return std::nullopt;
  const pem::Certificate certificate(SSL_get1_peer_certificate(connection));
  if (!certificate) return std::nullopt;
  Peer peer{pem::common_name(*X509_get_subject_name(certificate.get())), {}};
  if (X509_digest(certificate.get(), EVP_sha256(), peer.certificate.data(), nullptr) != 1)
    return std::nullopt;
  return peer;
}

// As ConnectionGuard asks.
std::string owner_of(const SSL& connection, Store& store) {
  const auto peer = peer_of(&connection);
  if (!peer) return {};
  const auto enrolled = store.is_enrolled(peer->common_name, peer->certificate);
  return enrolled && *enrolled ? peer->common_name : std::string();
}

void put_answer(httplib::Response& response, const Answer& answer) {
  response.status = answer.status;
  if (answer.retry_after) response.set_header("Retry-After", std::to_string(answer.retry_after->count()));
  if (!answer.body.empty()) response.set_content(answer.body, answer.content_type);
}

struct Body {
  std::string bytes;
  bool too_large = false;
  bool whole = false;
};

// Reads to the end even what will be refused: unread bytes would be taken for the connection's next request.
// Nothing over the limit is kept; a limit of nought reads it away.
Body read_body(const httplib::Request& request, const httplib::Response& response,
               const httplib::ContentReader& reader, std::size_t limit) {
  // httplib would unpack the body by these, and stop in the middle where it cannot.
  auto& headers = const_cast<httplib::Request&>(request).headers;
  headers.erase("Content-Encoding");
  headers.erase("Content-Type");
  Body body;
  std::size_t seen = 0;
  body.whole = reader([&](const char* data, std::size_t size) {
    seen += size;
    body.too_large = seen > limit;
    if (!body.too_large) body.bytes.append(data, size);
    return seen <= drained_bytes;
  });
  // httplib itself skips what a Content-Length over drained_bytes announces.
  body.too_large = body.too_large || response.status == 413;
  return body;
}

bool use_certificates(SSL_CTX& context, const Authority& authority) {
  const std::string ca = authority.ca_certificate().string();
  const bool ready =
      SSL_CTX_set_min_proto_version(&context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_use_certificate_chain_file(&context, authority.server_certificate().c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(&context, authority.server_key().c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(&context) == 1 && SSL_CTX_load_verify_file(&context, ca.c_str()) == 1 &&
      // A resumed session would skip the look at the certificate.
      SSL_CTX_set_num_tickets(&context, 0) == 1;
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_client_CA_list(&context, SSL_load_client_CA_file(ca.c_str()));
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  ERR_clear_error();
  return ready;
}

Status check_server_certificate(const Authority& authority) {
  const auto certificate = pem::read_certificate(authority.server_certificate());
  if (!certificate) return fail(certificate.error());
  const UtcTime until = pem::valid_until(**certificate);
  if (until > utc_now()) return {};
  return fail(ErrorCode::invalid_input,
              fmt::format("{} was valid until {}: run wayside-backoffice init {} again for a new one",
                          authority.server_certificate().string(), to_iso8601(until),
                          authority.server_certificate().parent_path().string()));
}

}  // namespace

class Server::Implementation {
 public:
  Implementation(const Authority& authority, Store& store, std::unique_ptr<OfficeKeys> keys,
                 ServerOptions options)
      : listen_(std::move(options.listen)),
        unlock_(authority.unlock()),
        keys_(std::move(keys)),
        authorities_(authority.deployment()),
        lists_(authority.watch_lists()),
        updates_(authority.updates()),
        revoked_(authority.revoked()),
        api_(store, *keys_, authorities_, lists_, updates_, revoked_, std::move(options.on_record)),
        guard_(limits, [&store](const SSL& connection) { return owner_of(connection, store); }),
        http_([&](SSL_CTX& context) {
          guard_.watch(context);
          return use_certificates(context, authority);
        }) {}

  ~Implementation() {
    guard_.wind_up(grace_at_stop);
    http_.stop();
  }

  Status start(const Authority& authority, std::uint16_t port) {
    if (!http_.is_valid()) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("{} and server.key beside it cannot be used: run wayside-backoffice init {}",
                              authority.server_certificate().string(),
                              authority.server_certificate().parent_path().string()));
    }
    set_limits();
    set_routes();
    errno = 0;
    const int bound = port == 0                           ? http_.bind_to_any_port(listen_)
                      : http_.bind_to_port(listen_, port) ? port
                                                          : -1;
    if (bound <= 0) return fail(bind_error(port, errno));
    port_ = static_cast<std::uint16_t>(bound);
    thread_ = std::jthread([this] { http_.listen_after_bind(); });
    // stop() before the loop runs would be lost. The port accepts already, and the thread only has to get
    // there.
    while (!http_.is_running())
      std::this_thread::yield();
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const {
    const bool ipv6 = listen_.find(':') != std::string::npos;
    return fmt::format("https://{}{}{}:{}", ipv6 ? "[" : "", listen_, ipv6 ? "]" : "", port_);
  }

 private:
  Error bind_error(std::uint16_t port, int system_error) const {
    if (system_error == EADDRINUSE) {
      return {ErrorCode::unavailable,
              fmt::format("port {} on {} is in use: stop what uses it, or choose another with --port", port,
                          listen_)};
    }
    if (system_error == EACCES) {
      return {ErrorCode::invalid_input,
              fmt::format("port {} needs privileges: choose one from 1024 on with --port", port)};
    }
    return {
        ErrorCode::invalid_input,
        fmt::format(
            "cannot listen on {}: give an address of this machine with --listen, as in 127.0.0.1 or 0.0.0.0",
            listen_)};
  }

  void set_limits() {
    // httplib would share the port with whoever has it (SO_REUSEPORT), and two back offices would halve the
    // records.
    http_.set_socket_options([](int socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    http_.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    http_.set_tcp_nodelay(true);
    http_.set_keep_alive_max_count(requests_per_connection);
    http_.set_keep_alive_timeout(idle_s);
    http_.set_read_timeout(slow_peer_s);
    http_.set_write_timeout(slow_peer_s);
    http_.set_payload_max_length(drained_bytes);
  }

  void set_routes() {
    const auto with_body = [this](const httplib::Request& request, httplib::Response& response,
                                  const httplib::ContentReader& reader) {
      put_answer(response, serve(request, response, reader));
    };
    const auto without_body = [this](const httplib::Request& request, httplib::Response& response) {
      const auto target = target_from(request.path);
      const auto refused = refuse_early(request, target);
      put_answer(response, refused ? *refused : serve_piece(request, *target));
    };
    // Every path comes to the one place that knows the interface's paths.
    http_.Put(".*", with_body).Post(".*", with_body).Patch(".*", with_body).Delete(".*", with_body);
    http_.Get(".*", without_body).Options(".*", without_body);
    // What httplib itself refuses gets a body too, but never one of ours replaced.
    http_.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty()) return;
      const int status = response.status;
      put_answer(response,
                 status == 413 ? too_large() : Api::answer(status, "refused", "the request is malformed"));
    });
    http_.set_logger([this](const httplib::Request& request, const httplib::Response&) {
      guard_.request_ended(request.ssl);
    });
    http_.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
      log::error("request_failed");
      put_answer(response, Api::answer(500, "later", "internal error"));
    });
  }

  static Answer too_large() { return Api::answer(413, "refused", "the body is larger than is taken here"); }

  // What its head is enough for: such a body is not kept.
  std::optional<Answer> refuse_early(const httplib::Request& request, const std::optional<Target>& target) {
    if (!target) return Api::answer(404, "refused", "there is nothing under this path");
    if (request.method != target->method())
      return Api::answer(405, "refused", fmt::format("the method must be {}", target->method()));
    const auto peer = peer_of(request.ssl);
    if (!peer) return Api::answer(403, "refused", "there is no client certificate");
    if (auto refused = api_.refuse_peer(*target, *peer)) {
      if (target->what == Target::What::unlock)
        note_unlock_refused(unlock_, {target->device_id, peer->certificate, {}}, utc_now());
      if (target->what == Target::What::list_key || target->what == Target::What::list_piece)
        lists_.note_refused({target->device_id, peer->certificate}, utc_now());
      if (target->what == Target::What::update_piece)
        updates_.note_refused({target->device_id, peer->certificate}, utc_now());
      return refused;
    }
    if (!target->has_body()) return std::nullopt;
    if (request.has_header("Content-Encoding"))
      return Api::answer(415, "refused", "the body must not be compressed");
    if (request.is_multipart_form_data())
      return Api::answer(415, "refused", "the body must not be in several parts");
    const std::string type = request.get_header_value("Content-Type");
    if (type.substr(0, type.find(';')) != target->content_type())
      return Api::answer(415, "refused",
                         fmt::format("header Content-Type must be {}", target->content_type()));
    if (!request.has_header("Content-Length"))
      return Api::answer(411, "refused", "header Content-Length is missing");
    if (request.get_header_value<std::uint64_t>("Content-Length") > target->limit_bytes()) return too_large();
    return std::nullopt;
  }

  // Of a request that was not refused.
  Answer serve_piece(const httplib::Request& request, const Target& target) {
    if (target.has_body()) return Api::answer(400, "damaged", "there is no body");
    const Peer peer = *peer_of(request.ssl);
    if (target.what == Target::What::update_piece) return api_.update(target, peer, utc_now());
    return api_.watch_list(target, peer, {}, utc_now());
  }

  Answer serve(const httplib::Request& request, const httplib::Response& response,
               const httplib::ContentReader& reader) {
    const auto target = target_from(request.path);
    const auto refused = refuse_early(request, target);
    const Body body = read_body(request, response, reader, refused ? 0 : target->limit_bytes());
    if (refused) return *refused;
    if (body.too_large) return too_large();
    if (!body.whole) return Api::answer(400, "damaged", "the body did not arrive whole");
    // Its certificate was looked at above.
    if (target->what == Target::What::unlock)
      return Api::unlock(unlock_, *peer_of(request.ssl), body.bytes, utc_now());
    if (target->what == Target::What::list_key)
      return api_.watch_list(*target, *peer_of(request.ssl), body.bytes, utc_now());
    return api_.take(*target, body.bytes, utc_now());
  }

  std::string listen_;
  std::filesystem::path unlock_;
  std::unique_ptr<OfficeKeys> keys_;
  IssuedAuthorities authorities_;
  GivenLists lists_;
  Updates updates_;
  RevokedCameras revoked_;
  Api api_;
  ConnectionGuard guard_;
  httplib::SSLServer http_;
  std::uint16_t port_ = 0;
  std::jthread thread_;  // last: it is joined before what it uses goes
};

Server::Server(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const Authority& authority, Store& store,
                                              ServerOptions options) {
  if (const auto valid = check_server_certificate(authority); !valid) return fail(valid.error());
  const std::uint16_t port = options.port;
  auto keys = OfficeKeys::load(authority.recipients());
  if (!keys) return fail(keys.error());
  auto implementation =
      std::make_unique<Implementation>(authority, store, std::move(*keys), std::move(options));
  if (const auto started = implementation->start(authority, port); !started) return fail(started.error());
  return std::unique_ptr<Server>(new Server(std::move(implementation)));
}

std::uint16_t Server::port() const {
  return implementation_->port();
}
std::string Server::url() const {
  return implementation_->url();
}

}  // namespace wayside::backoffice
