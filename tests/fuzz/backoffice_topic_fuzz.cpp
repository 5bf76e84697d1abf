// The topics of the back office's interface over MQTT.
#include "src/backoffice/api.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string topic(text_of(data, size));
  const auto target = backoffice::target_from_topic(topic);
  if (!target) return 0;
  const std::string written = "wayside/v2/" + target->device_id +
                              (target->what == backoffice::Target::What::batch ? "/batch" : "/heartbeat");
  require(written == topic, "a topic is understood in one way only");
  return 0;
}
