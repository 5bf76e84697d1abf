#include "wayside/delivery/broker/broker_tls.hpp"

#include <fmt/format.h>
#include <mosquitto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace wayside {

namespace {

struct ContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, ContextDeleter>;

class OpenSslBrokerTls : public BrokerTls {
 public:
  explicit OpenSslBrokerTls(std::string host)
      : host_(std::move(host)), context_(SSL_CTX_new(TLS_client_method())) {}

  Status prepare(const BrokerTlsOptions& options) {
    SSL_CTX* const context = context_.get();
    if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
      return fail(ErrorCode::io, "OpenSSL cannot speak TLS 1.3");
    const auto refuse = [](const std::filesystem::path& file, const char* why) {
      ERR_clear_error();
      return fail(ErrorCode::invalid_input, fmt::format("{} {}", file.string(), why));
    };
    if (SSL_CTX_load_verify_file(context, options.ca_certificate.c_str()) != 1)
      return refuse(options.ca_certificate, "holds no certificate that can be read");
    if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1)
      return refuse(options.certificate, "holds no certificate that can be read");
    if (SSL_CTX_use_PrivateKey_file(context, options.private_key.c_str(), SSL_FILETYPE_PEM) != 1)
      return refuse(options.private_key, "holds no key that goes with the certificate");
    X509_VERIFY_PARAM* const checks = SSL_CTX_get0_param(context);
    is_name_ = X509_VERIFY_PARAM_set1_ip_asc(checks, host_.c_str()) != 1;
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_name_ && X509_VERIFY_PARAM_set1_host(checks, host_.c_str(), host_.size()) != 1)
      return fail(ErrorCode::invalid_input, fmt::format("\"{}\" is no name of a broker", host_));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    // libmosquitto names the address to the server; this is the last moment at which that can be mended.
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_set_info_callback(context, on_info);
    return {};
  }

  int give_to(::mosquitto* client) override {
    const int code = mosquitto_int_option(client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
    return code != MOSQ_ERR_SUCCESS ? code : mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, context_.get());
  }

 private:
  static void on_info(const SSL* connection, int where, int) {
    if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
    auto* const self = static_cast<OpenSslBrokerTls*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
    // The callback's form is one for lookers-on; the connection itself is not constant. Spelt out, since the
    // macro for it holds a cast of the old style.
    SSL_ctrl(const_cast<SSL*>(connection), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             self->is_name_ ? self->host_.data() : nullptr);
  }

  std::string host_;
  bool is_name_ = true;
  Context context_;
};

}  // namespace

Result<std::unique_ptr<BrokerTls>> BrokerTls::make(const BrokerTlsOptions& options) {
  auto made = std::make_unique<OpenSslBrokerTls>(options.host);
  if (Status ok = made->prepare(options); !ok) return fail(ok.error());
  return std::unique_ptr<BrokerTls>(std::move(made));
}

}  // namespace wayside
