// Documents and pictures as cameras send them to the back office.
#include <nlohmann/json.hpp>

#include "wayside/backoffice/export.hpp"

#include "src/backoffice/dating.hpp"
#include "src/backoffice/validation.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  const std::string device = "0011223344556677";
  const std::string document(text);
  const auto taken = backoffice::check_document(text, device);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!taken) {
    require_good(taken.error());
    const std::string& message = taken.error().message;
    require(message.size() < 300, "a refusal is a sentence");
    if (json.is_object() && json.contains("vrm") && json["vrm"].is_string()) {
      const std::string vrm = json["vrm"];
      const bool telling = vrm.size() >= 4 && vrm.find_first_of("0123456789") != std::string::npos;
      require(!telling || message.find(vrm) == std::string::npos, "a refusal tells no mark");
    }
  } else {
    require(json.at("device_id") == device, "a document is its sender's");
    const auto pass = backoffice::summarise(document);
    require(pass && pass->captured_at == *taken, "a document that was taken can be shown");
  }
  if (const auto unsure = backoffice::unsure_time_of(text)) {
    const backoffice::Synchronisation later{unsure->boot_id, unsure->monotonic_ms + 1000, UtcTime{0}, 20};
    const auto redated = backoffice::dated(*unsure, later);
    require(redated && redated->max_error_ms >= 20, "what was taken before a synchronisation is dated by it");
  }
  for (const PartKind kind : {PartKind::plate, PartKind::overview}) {
    if (const auto fits = backoffice::check_picture(kind, {data, size}, document); !fits)
      require_good(fits.error());
    static constexpr std::uint8_t jpeg[] = {0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xD9};
    if (const auto fits = backoffice::check_picture(kind, jpeg, document); !fits) require_good(fits.error());
  }
  return 0;
}
