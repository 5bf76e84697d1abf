#include "wayside/eval/truth.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/eval/labels.hpp"

#include "src/eval/json_lines.hpp"

namespace wayside::eval {

namespace {

constexpr std::size_t largest_truth = std::size_t{256} << 20;  // bytes

PlateView view_from(const Json& entry) {
  const std::int64_t frame = whole_number(entry, "frame");
  if (frame < 0) throw JsonProblem{"member \"frame\": expected a whole number from 0"};
  return {static_cast<std::uint64_t>(frame), quad(entry), number(entry, "width_px"),
          number(entry, "visible")};
}

TrueVehicle vehicle_from(const Json& entry) {
  TrueVehicle vehicle{normal_text(text(entry, "vrm")), text(entry, "direction"), {}};
  if (vehicle.vrm.empty()) throw JsonProblem{"member \"vrm\": expected a registration mark"};
  for (const Json& view : list(entry, "frames"))
    vehicle.views.push_back(view_from(view));
  return vehicle;
}

}  // namespace

bool TrueVehicle::legible() const {
  return std::count_if(views.begin(), views.end(), [](const PlateView& view) {
           return view.width_px >= 80 && view.visible >= 0.98;
         }) >= 3;
}

Result<SceneTruth> parse_truth(std::string_view json, std::string_view name) {
  return read_json(json, std::string(name), [](const Json& document) {
    if (whole_number(document, "version") != 1) throw JsonProblem{"member \"version\": expected 1"};
    SceneTruth truth;
    truth.frames = static_cast<std::uint64_t>(std::max<std::int64_t>(0, whole_number(document, "frames")));
    const Json& vehicles = list(document, "vehicles");
    for (std::size_t i = 0; i < vehicles.size(); ++i) {
      try {
        truth.vehicles.push_back(vehicle_from(vehicles[i]));
      } catch (const JsonProblem& problem) {
        throw JsonProblem{fmt::format("vehicles[{}]: {}", i, problem.what)};
      }
    }
    return truth;
  });
}

Result<SceneTruth> load_truth(const std::filesystem::path& path) {
  const Result<std::string> json = read_text_file(path, largest_truth);
  if (!json) return fail(json.error().context("reading the ground truth"));
  return parse_truth(*json, path.string());
}

Result<std::optional<SceneTruth>> truth_beside(const std::filesystem::path& clip) {
  const std::filesystem::path path = clip.parent_path() / (clip.stem().string() + ".truth.json");
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  Result<SceneTruth> truth = load_truth(path);
  if (!truth) return fail(truth.error());
  return std::optional<SceneTruth>(std::move(*truth));
}

}  // namespace wayside::eval
