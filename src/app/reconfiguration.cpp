#include "src/app/reconfiguration.hpp"

#include "wayside/device/config/schema.hpp"

namespace wayside::app {

namespace {

// Who takes keys of that section from a camera that runs; null: nobody does.
bool* taker_of(Reconfiguration& plan, const std::string& path) {
  const std::string section = path.substr(0, path.find('.'));
  if (section == "site") return &plan.origin;
  if (section == "exposure") return &plan.exposure;
  if (section == "upload") return &plan.uplink;
  if (section == "update") return &plan.update;
  if (path == "log.level") return &plan.log_level;
  if (path == "clock.time_servers") return &plan.outside;
  return nullptr;
}

// Who gives VOI lists to the camera; where that changes the flow is another, which matches passes or does
// not.
bool gets_lists(const Configuration& configuration) {
  const Configuration::Upload& upload = configuration.upload;
  return !upload.url.empty() && (upload.profile == "wayside" || upload.profile == "bof2");
}

}  // namespace

Reconfiguration plan_reconfiguration(const Configuration& runs, const Configuration& wanted) {
  Reconfiguration plan;
  for (const ConfigurationChange& change : changes_between(runs, wanted)) {
    bool* taker = taker_of(plan, change.path);
    const bool other_flow = taker == &plan.uplink && gets_lists(runs) != gets_lists(wanted);
    if (change.effect == Effect::restart || taker == nullptr || other_flow) {
      plan.begins_anew.push_back(change.path);
      continue;
    }
    *taker = true;
    (change.effect == Effect::remade ? plan.remade : plan.at_once).push_back(change.path);
  }
  plan.outside = plan.outside || plan.uplink;
  plan.origin = plan.origin || runs.version != wanted.version;
  return plan;
}

}  // namespace wayside::app
