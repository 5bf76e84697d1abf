#include "src/app/identity_answers.hpp"

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/device/identity/enrolment.hpp"
#include "wayside/device/identity/identity.hpp"

namespace wayside::app {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

Result<Json> identity_of(const fs::path& folder, UtcTime now) {
  const Result<std::string> id = device_id(folder);
  if (!id) return fail(id.error());
  const Result<std::string> request = read_text_file(folder / "device.csr", std::size_t{64} << 10U);
  if (!request) return fail(request.error());
  Json out = {{"device_id", *id}, {"request", *request}};
  const Result<Identity> identity = load_identity(folder, now);
  if (!identity) {
    if (identity.error().code != ErrorCode::not_found) out["problem"] = identity.error().message;
    return out;
  }
  const Result<std::string> certificate = read_text_file(identity->back_office_ca, std::size_t{64} << 10U);
  const Result<std::string> office = certificate ? office_fingerprint(*certificate) : certificate;
  if (!office) return fail(office.error());
  out["office"] = *office;
  out["valid_until"] = to_iso8601(identity->certificate_valid_until);
  return out;
}

Result<Json> enrol(const fs::path& folder, const ControlRequest& request, UtcTime now) {
  const Result<EnrolledAs> enrolled = take_enrolment(folder, request.document, now);
  if (!enrolled) {
    log::warning("enrolment_refused", {{"actor", request.actor}, {"reason", enrolled.error()}});
    return fail(enrolled.error());
  }
  log::info("enrolled", {{"actor", request.actor}, {"office", enrolled->office}});
  return Json{{"office", enrolled->office}, {"valid_until", to_iso8601(enrolled->certificate_valid_until)}};
}

}  // namespace

void add_identity_answers(ControlAnswers& answers, const fs::path& folder, const Clock& clock) {
  answers[ControlTask::identity] = [folder, &clock](const ControlRequest&) {
    return identity_of(folder, clock.utc_now());
  };
  answers[ControlTask::enrol] = [folder, &clock](const ControlRequest& request) {
    return enrol(folder, request, clock.utc_now());
  };
}

}  // namespace wayside::app
