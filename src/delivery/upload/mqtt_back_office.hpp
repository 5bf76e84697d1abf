// The profile "mqtt" with a resolver of the caller's, for tests.
//
// As make_mqtt_back_office() of wayside/delivery/upload/back_office.hpp otherwise.
#pragma once

#include <memory>

#include "wayside/delivery/broker/broker_route.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside::upload {

[[nodiscard]] Result<std::unique_ptr<BackOffice>> make_mqtt_back_office(const MqttOptions& options,
                                                                        BrokerRoute::Resolver resolver);

}  // namespace wayside::upload
