// The police SOAP service as bof2.md describes it: takes captures and pictures, joins them, counts repeats;
// and answers the next calls however a test says.
//
// It reads XML by cutting at tags, on purpose with nothing of ours. Threads: any, one lock; httplib's own
// answer.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <httplib.h>
#include <openssl/ssl.h>

#include "tests/doubles/test_certificates.hpp"

namespace wayside::doubles {

class PoliceServiceDouble {
 public:
  struct Call {
    std::string operation;
    std::string body;
    std::multimap<std::string, std::string> headers;
    // Every value of the element, as written there, unescaped.
    [[nodiscard]] std::vector<std::string> all(const std::string& element) const {
      std::vector<std::string> values;
      const std::string open = "<" + element + ">";
      for (std::size_t at = body.find(open); at != std::string::npos; at = body.find(open, at)) {
        at += open.size();
        values.push_back(unescaped(body.substr(at, body.find("</" + element + ">", at) - at)));
      }
      return values;
    }
    [[nodiscard]] std::string one(const std::string& element) const {
      const auto values = all(element);
      return values.size() == 1 ? values.front() : values.empty() ? "(none)" : "(several)";
    }
    [[nodiscard]] bool has(const std::string& element) const { return !all(element).empty(); }
  };
  struct Stored {
    int times = 0;
    std::map<std::string, std::vector<std::string>> pictures;  // base64 by "P" and "C"
  };
  using Answer = std::function<void(const Call&, httplib::Response&)>;

  PoliceServiceDouble(const PemPair& identity, const std::filesystem::path& clients)
      : server_([&](SSL_CTX& context) {
          SSL_CTX_set_min_proto_version(&context, TLS1_3_VERSION);
          SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
          return SSL_CTX_use_certificate_chain_file(&context, identity.certificate.c_str()) == 1 &&
                 SSL_CTX_use_PrivateKey_file(&context, identity.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
                 SSL_CTX_load_verify_locations(&context, clients.c_str(), nullptr) == 1;
        }) {
    server_.set_keep_alive_timeout(1);
    server_.set_keep_alive_max_count(10'000);
    server_.set_tcp_nodelay(true);
    server_.Post(".*", [this](const httplib::Request& request, httplib::Response& response) {
      take(request, response);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running())
      std::this_thread::yield();
  }
  ~PoliceServiceDouble() {
    server_.stop();
    thread_.join();
  }
  PoliceServiceDouble(const PoliceServiceDouble&) = delete;
  PoliceServiceDouble& operator=(const PoliceServiceDouble&) = delete;

  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  void answer_next(std::vector<Answer> answers) {
    const std::lock_guard lock(mutex_);
    script_.insert(script_.end(), answers.begin(), answers.end());
  }
  // Until told otherwise (an empty function): every call.
  void always(Answer answer) {
    const std::lock_guard lock(mutex_);
    always_ = std::move(answer);
  }
  [[nodiscard]] std::vector<Call> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // By "VRM|feed|source|camera|time".
  [[nodiscard]] std::map<std::string, Stored> stored() const {
    const std::lock_guard lock(mutex_);
    return stored_;
  }

  static std::string reply(const std::string& operation, const std::string& text) {
    return "<?xml version=\"1.0\"?><S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>"
           "<ns2:" +
           operation + "Response xmlns:ns2=\"http://example.org/whatever\"><return>" + text +
           "</return></ns2:" + operation + "Response></S:Body></S:Envelope>";
  }
  static std::string fault(const std::string& code, const std::string& text) {
    return "<S:Envelope "
           "xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><S:Fault><faultcode>S:" +
           code + "</faultcode><faultstring>" + text + "</faultstring></S:Fault></S:Body></S:Envelope>";
  }
  static Answer says(std::string text) {
    return [text](const Call& call, httplib::Response& response) {
      response.set_content(reply(call.operation, text), "text/xml; charset=utf-8");
    };
  }
  static Answer faults(std::string code, std::string text = "no") {
    return [=](const Call&, httplib::Response& response) {
      response.status = 500;
      response.set_content(fault(code, text), "text/xml");
    };
  }
  static Answer status(int status, std::string body = "", std::string type = "text/html") {
    return [=](const Call&, httplib::Response& response) {
      response.status = status;
      response.set_content(body, type.c_str());
    };
  }
  // The connection ends in the middle of an answer that would have been a good one.
  static Answer cut() {
    return [](const Call& call, httplib::Response& response) {
      const std::string whole = reply(call.operation, "");
      response.set_content_provider(whole.size(), "text/xml",
                                    [whole](std::size_t, std::size_t, httplib::DataSink& sink) {
                                      sink.write(whole.data(), whole.size() / 2);
                                      return false;
                                    });
    };
  }
  // Takes what it was sent, and loses its answer.
  Answer takes_and_cuts() {
    return [this](const Call& call, httplib::Response& response) {
      static_cast<void>(keep(call));
      cut()(call, response);
    };
  }

 private:
  static std::string unescaped(std::string text) {
    for (const auto& [reference, character] :
         std::initializer_list<std::pair<std::string, std::string>>{{"&lt;", "<"},
                                                                    {"&gt;", ">"},
                                                                    {"&quot;", "\""},
                                                                    {"&apos;", "'"},
                                                                    {"&#9;", "\t"},
                                                                    {"&#10;", "\n"},
                                                                    {"&#13;", "\r"},
                                                                    {"&amp;", "&"}}) {
      for (std::size_t at = text.find(reference); at != std::string::npos; at = text.find(reference, at + 1))
        text.replace(at, reference.size(), character);
    }
    return text;
  }
  static std::string operation_in(const std::string& body) {
    for (const char* name : {"sendCapture", "sendCompoundCapture", "addBinaryCaptureData"}) {
      if (body.find(std::string("<bof:") + name + ">") != std::string::npos) return name;
    }
    return {};
  }
  void take(const httplib::Request& request, httplib::Response& response) {
    Call call{operation_in(request.body), request.body, {request.headers.begin(), request.headers.end()}};
    call.headers.emplace(":path", request.path);
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
    if (!script_.empty()) {
      const Answer answer = script_.front();
      script_.erase(script_.begin());
      if (answer) return answer(call, response);
    }
    if (always_) return always_(call, response);
    response.set_content(reply(call.operation, keep(call)), "text/xml; charset=utf-8");
  }
  // What it says; empty: taken.
  std::string keep(const Call& call) {
    if (call.operation == "sendCapture") {
      ++stored_[call.one("VRM") + "|" + call.one("feedID") + "|" + call.one("sourceID") + "|" +
                call.one("cameraID") + "|" + call.one("captureDate")]
            .times;
      return {};
    }
    if (call.operation == "sendCompoundCapture") {
      for (const std::string& line : call.all("captures")) {
        std::vector<std::string> fields{""};
        for (const char c : line) {
          if (c == '|') {
            fields.emplace_back();
          } else {
            fields.back() += c;
          }
        }
        if (fields.size() != 15) return "a capture has 15 fields";
        ++stored_[fields[2] + "|" + fields[3] + "|" + fields[4] + "|" + fields[5] + "|" + fields[6]].times;
      }
      return {};
    }
    const auto found =
        stored_.find(call.one("vrm") + "|" + call.one("feedIdentifier") + "|" + call.one("sourceIdentifier") +
                     "|" + call.one("cameraIdentifier") + "|" + call.one("captureTime"));
    if (found == stored_.end()) return "there is no such capture";
    found->second.pictures[call.one("binaryDataType")].push_back(call.one("binaryImage"));
    return {};
  }

  mutable std::mutex mutex_;
  std::vector<Answer> script_;
  Answer always_;
  std::vector<Call> calls_;
  std::map<std::string, Stored> stored_;
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace wayside::doubles
