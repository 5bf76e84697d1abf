// A record as a camera makes it, and a camera's connection.
#pragma once

#include <memory>
#include <string>

#include <httplib.h>
#include <nlohmann/json.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/device/identity/identity.hpp"

#include "tests/backoffice/sample.hpp"

namespace wayside::backoffice {

// Enough of a JPEG for a back office that looks at its first bytes; `tag` makes it differ.
inline std::string sample_jpeg(const std::string& tag) {
  return "\xff\xd8\xff\xe0" + tag + "\xff\xd9";
}

inline std::string hash_of(const std::string& bytes) {
  return to_hex(sha256(as_bytes(bytes)));
}

struct SampleRecord {
  nlohmann::json document;
  std::string plate;
  std::string overview;
};

inline SampleRecord sample_record(const std::string& device_id, const std::string& vrm = "AB12CDE",
                                  int minute = 0) {
  const std::string plate = sample_jpeg("plate " + vrm);
  const std::string overview = sample_jpeg("overview " + vrm + std::string(2000, '.'));
  const auto picture = [](const std::string& bytes, int width, int height) {
    return nlohmann::json{
        {"sha256", hash_of(bytes)}, {"bytes", bytes.size()}, {"width", width}, {"height", height}};
  };
  const std::string time =
      std::string("2026-11-22T17:") + (minute < 10 ? "0" : "") + std::to_string(minute) + ":40.123Z";
  nlohmann::json characters = nlohmann::json::array();
  for (const char c : vrm)
    characters.push_back({{"character", std::string(1, c)}, {"confidence", 0.99}});
  const auto frame = [&](int number) { return nlohmann::json{{"number", number}, {"time", time}}; };
  return {
      {{"version", 1},
       {"device_id", device_id},
       {"site", {{"name", "Mill Lane"}, {"feed_id", 1}, {"source_id", 2}, {"camera_id", 3}}},
       {"vrm", vrm},
       {"confidence", 0.9731},
       {"characters", characters},
       {"alternatives", {{{"vrm", "A812CDE"}, {"confidence", 0.0212}}}},
       {"format", "current"},
       {"lines", 1},
       {"quad", {{100, 200}, {230, 200}, {230, 228}, {100, 228}}},
       {"frame_size", {{"width", 1920}, {"height", 1080}}},
       {"direction", "towards"},
       {"motion_towards_camera", true},
       {"lane", 1},
       {"frames", {{"first", frame(10)}, {"best", frame(14)}, {"last", frame(19)}}},
       {"reads", {{"used", 8}, {"rejected", 1}}},
       {"time", {{"captured_at", time}, {"source", "ntp"}, {"max_error_ms", 12}, {"synchronised_ago_s", 40}}},
       {"images", {{"plate", picture(plate, 120, 26)}, {"overview", picture(overview, 480, 270)}}},
       {"firmware", "0.1.0"},
       {"model", "eng"},
       {"configuration", "00112233445566aa"}},
      plate,
      overview};
}

inline constexpr const char* sample_queue = "000102030405060708090a0b0c0d0e0f";

inline std::unique_ptr<httplib::SSLClient> client_of(const Identity& identity, int port) {
  auto client = std::make_unique<httplib::SSLClient>("127.0.0.1", port, identity.certificate.string(),
                                                     identity.private_key.string());
  client->set_ca_cert_path(identity.back_office_ca.c_str());
  client->enable_server_certificate_verification(true);
  client->set_keep_alive(true);
  client->set_tcp_nodelay(true);
  return client;
}

}  // namespace wayside::backoffice
