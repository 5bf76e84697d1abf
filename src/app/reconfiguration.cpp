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
  if (path == "log.level") return &plan.log_level;
  return nullptr;
}

}  // namespace

Reconfiguration plan_reconfiguration(const Configuration& runs, const Configuration& wanted) {
  Reconfiguration plan;
  for (const ConfigurationChange& change : changes_between(runs, wanted)) {
    bool* taker = taker_of(plan, change.path);
    if (change.effect == Effect::restart || taker == nullptr) {
      plan.begins_anew.push_back(change.path);
      continue;
    }
    *taker = true;
    (change.effect == Effect::remade ? plan.remade : plan.at_once).push_back(change.path);
  }
  plan.origin = plan.origin || runs.version != wanted.version;
  return plan;
}

}  // namespace wayside::app
