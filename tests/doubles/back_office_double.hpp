// A whole back office in a temporary folder, with cameras enrolled in it: what a test of either side of the
// wire needs.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "wayside/backoffice/authority.hpp"
#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/server.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/files.hpp"
#include "wayside/device/identity/identity.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::doubles {

class BackOfficeDouble {
 public:
  // hosts: what else than this machine it is called by.
  explicit BackOfficeDouble(const std::vector<std::string>& hosts = {})
      : authority_(must(backoffice::Authority::make(temporary_.path() / "office", hosts, now()))),
        store_(must(backoffice::Store::open(authority_.database()))) {}

  // Makes an identity, enrols it, and gives it as waysided would load it.
  Identity new_camera(const std::string& name = "camera") {
    const std::filesystem::path folder = temporary_.path() / name;
    const auto request = must(make_identity(folder));
    must(backoffice::enrol_device(authority_, *store_, request, folder, now()));
    return must(load_identity(folder));
  }

  // What somebody at the office gives a camera for the certificate request that was copied from its screen,
  // authorised: the text of its enrolment, and the office's number.
  struct Enrolled {
    std::string enrolment;
    std::string office;
  };
  Enrolled enrol(const std::string& device_id, const std::string& request) {
    const std::filesystem::path copied = temporary_.path() / "copied.csr";
    std::ofstream(copied) << request;
    Identity to_be_authorised;
    to_be_authorised.device_id = device_id;
    authorise(to_be_authorised);
    const std::filesystem::path out = temporary_.path() / "for-the-camera";
    const auto enrolled = must(backoffice::enrol_device(authority_, *store_, copied, out, now()));
    return {must(read_text_file(out / "camera.enrolment")), enrolled.office};
  }

  // A deployment authority for the camera, for 90 days from now on, which it gets with a heartbeat's answer;
  // or at once, as a file.
  AuthorityDocument authorise(const Identity& camera, bool clear_occupants = false) {
    AuthorityDocument draft;
    draft.devices = {camera.device_id};
    draft.organisation = "Example Constabulary";
    draft.purpose = "A test";
    draft.site = draft.contact = "Drawn road";
    draft.clear_occupants = clear_occupants;
    draft.valid_from = now();
    draft.valid_until = draft.review = now() + std::chrono::days(90);
    return must(issued_.issue(draft, now()));
  }
  void put_authority(const Identity& camera) {
    if (const Status put = issued_.pass_on(camera.device_id, camera.private_key.parent_path() / "authority");
        !put)
      throw std::runtime_error(put.error().message);
  }

  // On a free port of 127.0.0.1 unless told otherwise.
  backoffice::Server& start(backoffice::ServerOptions options = {}) {
    server_ = must(backoffice::Server::start(authority_, *store_, std::move(options)));
    return *server_;
  }
  void stop() { server_.reset(); }

  backoffice::Authority& authority() { return authority_; }
  backoffice::Store& store() { return *store_; }
  backoffice::IssuedAuthorities& issued() { return issued_; }
  backoffice::Server& server() { return *server_; }
  // Whose public files new_camera() puts into the camera's folder, as recipients/.
  [[nodiscard]] std::filesystem::path recipients() const { return authority_.recipients(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return temporary_.path(); }

  static UtcTime now() { return utc_now(); }

 private:
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }

  TemporaryFolder temporary_;
  backoffice::Authority authority_;
  std::unique_ptr<backoffice::Store> store_;
  backoffice::IssuedAuthorities issued_{authority_.deployment()};
  std::unique_ptr<backoffice::Server> server_;
};

}  // namespace wayside::doubles
