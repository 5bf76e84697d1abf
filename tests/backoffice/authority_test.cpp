// The authority signs what a camera asks for and nothing else, and keeps its keys to itself.
#include "wayside/backoffice/authority.hpp"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/recipients.hpp"
#include "wayside/base/files.hpp"

#include "src/device/identity/pem.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string content(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
}

class AuthorityTest : public testing::Test {
 protected:
  fs::path request_of(EVP_PKEY& key, const std::string& common_name, EVP_PKEY* signer = nullptr) {
    const pem::Request request(X509_REQ_new());
    EXPECT_TRUE(pem::set_common_name(*X509_REQ_get_subject_name(request.get()), common_name));
    X509_REQ_set_pubkey(request.get(), &key);
    EVP_PKEY* by = signer ? signer : &key;
    const EVP_MD* digest = EVP_PKEY_is_a(by, "ED25519") == 1 ? nullptr : EVP_sha256();  // Ed25519 has its own
    EXPECT_GT(X509_REQ_sign(request.get(), by, digest), 0);
    const fs::path path = office_.folder() / "device.csr";
    EXPECT_TRUE(replace_file(path, as_bytes(pem::text_of(*request).value())));
    return path;
  }
  void expect_refused(const fs::path& request, const std::string& words) {
    const auto device = office_.authority().sign(request, office_.now());
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(device.error().message, HasSubstr(words));
  }

  doubles::BackOfficeDouble office_;
  fs::path folder_ = office_.folder() / "office";
  pem::Key key_ = pem::make_device_key().value();
};

TEST_F(AuthorityTest, KeysAndFolderAreForTheOwnerOnly) {
  EXPECT_EQ(mode_of(folder_), 0700U);
  EXPECT_EQ(mode_of(folder_ / "ca.key"), 0600U);
  EXPECT_EQ(mode_of(folder_ / "server.key"), 0600U);
}

TEST_F(AuthorityTest, MakingAgainKeepsTheAuthorityAndRenewsTheServer) {
  const std::string ca = content(folder_ / "ca.crt");
  const std::string ca_key = content(folder_ / "ca.key");
  const std::string server = content(folder_ / "server.crt");
  ASSERT_TRUE(Authority::make(folder_, {"anpr.example.org", "192.0.2.7"}, office_.now()));
  EXPECT_EQ(content(folder_ / "ca.crt"), ca);
  EXPECT_EQ(content(folder_ / "ca.key"), ca_key);
  EXPECT_NE(content(folder_ / "server.crt"), server);
  const auto certificate = pem::read_certificate(folder_ / "server.crt");
  ASSERT_TRUE(certificate);
  EXPECT_EQ(X509_check_host(certificate->get(), "anpr.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate->get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate->get(), "example.org", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(certificate->get(), "192.0.2.7", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate->get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate->get(), "192.0.2.8", 0), 0);
}

TEST_F(AuthorityTest, MakingAgainKeepsTheNamesOfTheServer) {
  ASSERT_TRUE(Authority::make(folder_, {"anpr.example.org", "192.0.2.7", "2001:db8:0::1"}, office_.now()));
  ASSERT_TRUE(Authority::make(folder_, {}, office_.now()));
  const auto made = Authority::make(folder_, {"new.example.org", "192.0.2.7", "2001:DB8::1"}, office_.now());
  ASSERT_TRUE(made);
  EXPECT_THAT(made->server_names().value(),
              testing::ElementsAre("localhost", "127.0.0.1", "::1", "anpr.example.org", "192.0.2.7",
                                   "2001:db8::1", "new.example.org"));
  const auto certificate = pem::read_certificate(folder_ / "server.crt");
  ASSERT_TRUE(certificate);
  EXPECT_EQ(X509_check_host(certificate->get(), "anpr.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate->get(), "new.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate->get(), "2001:db8::1", 0), 1);
}

TEST_F(AuthorityTest, NamesThatCannotBeReadAreNotDroppedUnsaid) {
  std::ofstream(folder_ / "server.crt") << "garbage";
  const auto made = Authority::make(folder_, {}, office_.now());
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("delete it and run init again with --host for every name"));
  fs::remove(folder_ / "server.crt");
  EXPECT_TRUE(Authority::make(folder_, {}, office_.now()));
}

TEST_F(AuthorityTest, HalfAnAuthorityIsRefusedAndLeftAsItIs) {
  for (const auto& [held, lost] : {std::pair{"ca.key", "ca.crt"}, std::pair{"ca.crt", "ca.key"}}) {
    const fs::path half = office_.folder() / (std::string("only-") + held);
    fs::create_directory(half);
    fs::copy_file(folder_ / held, half / held);
    const auto made = Authority::make(half, {}, office_.now());
    ASSERT_FALSE(made) << held;
    EXPECT_EQ(made.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(made.error().message, HasSubstr(std::string(" holds ") + held + " without " + lost +
                                                ": restore " + lost + " from a backup"));
    EXPECT_EQ(content(half / held), content(folder_ / held));
    EXPECT_EQ(std::distance(fs::directory_iterator(half), {}), 1);
  }
}

TEST_F(AuthorityTest, FoldersThatTheSystemRefusesAreErrors) {
  const fs::path loop = office_.folder() / "loop";
  fs::create_symlink(loop, loop);
  for (const fs::path& folder : {loop, office_.folder() / std::string(300, 'n'), office_.folder() / "file"}) {
    std::ofstream(office_.folder() / "file") << "x";
    EXPECT_FALSE(Authority::make(folder, {}, office_.now())) << folder;
    EXPECT_FALSE(Authority::open(folder)) << folder;
  }
  EXPECT_THAT(Authority::open(loop).error().message, HasSubstr("cannot look at"));
}

TEST_F(AuthorityTest, HostsThatAreNoneAreRefused) {
  for (const char* host : {"", "a,DNS:evil.example", "host:8443", "https://x", "-x", "a b", "caf\xc3\xa9"}) {
    const auto made = Authority::make(office_.folder() / "other", {host}, office_.now());
    ASSERT_FALSE(made) << host;
    EXPECT_THAT(made.error().message, HasSubstr("--host must be a host name or an IP address"));
  }
  EXPECT_FALSE(fs::exists(office_.folder() / "other"));
}

TEST_F(AuthorityTest, FolderWithSomethingElseIsLeftAlone) {
  const fs::path other = office_.folder() / "photos";
  fs::create_directory(other);
  std::ofstream(other / "holiday.jpg") << "x";
  const auto made = Authority::make(other, {}, office_.now());
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("is not an empty folder"));
  EXPECT_FALSE(fs::exists(other / "ca.key"));
}

TEST_F(AuthorityTest, FolderThatIsNoBackOfficeNamesTheCommandToRun) {
  const auto opened = Authority::open(office_.folder() / "nowhere");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::not_found);
  EXPECT_THAT(opened.error().message, HasSubstr("run wayside-backoffice init"));
}

TEST_F(AuthorityTest, SignedCertificateIsForTheDeviceAndForClientsOnly) {
  const auto device = office_.authority().sign(request_of(*key_, "0123456789abcdef"), office_.now());
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->device_id, "0123456789abcdef");
  EXPECT_EQ(device->key, pem::ed25519_public_key(*key_));
  const fs::path path = office_.folder() / "device.crt";
  ASSERT_TRUE(replace_file(path, as_bytes(device->certificate)));
  const auto certificate = pem::read_certificate(path);
  ASSERT_TRUE(certificate);
  const auto ca = pem::read_certificate(folder_ / "ca.crt");
  EXPECT_EQ(X509_verify(certificate->get(), X509_get0_pubkey(ca->get())), 1);
  EXPECT_EQ(X509_check_purpose(certificate->get(), X509_PURPOSE_SSL_CLIENT, 0), 1);
  EXPECT_EQ(X509_check_purpose(certificate->get(), X509_PURPOSE_SSL_SERVER, 0), 0);
  EXPECT_EQ(X509_check_ca(certificate->get()), 0);
  EXPECT_EQ(pem::valid_until(**certificate), device->valid_until);
}

TEST_F(AuthorityTest, NoCertificateOutlastsTheAuthority) {
  const UtcTime end = pem::valid_until(**pem::read_certificate(folder_ / "ca.crt"));
  const UtcTime shortly_before = end + -std::chrono::hours(24);
  const auto device = office_.authority().sign(request_of(*key_, "0123456789abcdef"), shortly_before);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->valid_until, end);
  ASSERT_TRUE(Authority::make(folder_, {}, shortly_before));
  EXPECT_EQ(pem::valid_until(**pem::read_certificate(folder_ / "server.crt")), end);
}

TEST_F(AuthorityTest, AnAuthorityThatHasEndedSignsNothingMore) {
  const UtcTime end = pem::valid_until(**pem::read_certificate(folder_ / "ca.crt"));
  const std::string server = content(folder_ / "server.crt");
  const auto device = office_.authority().sign(request_of(*key_, "0123456789abcdef"), end);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(device.error().message, HasSubstr("ended at " + to_iso8601(end)));
  EXPECT_THAT(device.error().message, HasSubstr("make a back office in a new folder"));
  EXPECT_FALSE(Authority::make(folder_, {}, end));
  EXPECT_EQ(content(folder_ / "server.crt"), server);
}

TEST_F(AuthorityTest, RequestsThatAreWrongAreRefusedWithTheReason) {
  for (const char* name : {"", "camera", "0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0"}) {
    expect_refused(request_of(*key_, *name == '\0' ? " " : name),
                   "must name a device id of 16 lower case hex digits");
  }
  expect_refused(request_of(*key_, "0123456789abcdef", pem::make_device_key().value().get()),
                 "is not signed with its own key");
  const pem::Key rsa(EVP_RSA_gen(2048));
  expect_refused(request_of(*rsa, "0123456789abcdef"), "must have an Ed25519 key");
  const pem::Key ec = pem::make_key().value();
  expect_refused(
      request_of(*ec, "0123456789abcdef"),
      "has an EC key, as cameras of an earlier version made it, which cannot sign records: make a new "
      "one with waysided --make-identity");
  std::ofstream(office_.folder() / "device.csr") << "garbage";
  expect_refused(office_.folder() / "device.csr", "holds no certificate request in PEM form");
}

TEST_F(AuthorityTest, EnrolledCameraGetsTheFilesItsIdentityNeeds) {
  const Identity camera = office_.new_camera();
  EXPECT_EQ(content(camera.back_office_ca), content(folder_ / "ca.crt"));
  EXPECT_EQ(office_.store().device_count().value(), 1U);
  const auto recipients = load_recipients(camera.certificate.parent_path() / "recipients");
  ASSERT_TRUE(recipients) << recipients.error().message;
  ASSERT_EQ(recipients->size(), 1U);
  EXPECT_EQ(recipients->at(0).view, RecordView::full);
}

TEST_F(AuthorityTest, MakingAgainKeepsTheRecipientKey) {
  const auto before = list_recipients(office_.recipients()).value();
  ASSERT_EQ(before.size(), 1U);
  EXPECT_TRUE(before[0].own);
  EXPECT_EQ(mode_of(office_.recipients()), 0700U);
  ASSERT_TRUE(Authority::make(folder_, {}, office_.now()));
  EXPECT_EQ(list_recipients(office_.recipients()).value().at(0).recipient.key, before[0].recipient.key);
  EXPECT_EQ(list_recipients(office_.recipients()).value().size(), 1U);
}

TEST_F(AuthorityTest, ABrokerGetsACertificateForItsNamesAndTheOfficeOneAsItsClient) {
  const fs::path out = office_.folder() / "broker";
  ASSERT_TRUE(
      office_.authority().make_broker_certificate({"broker.example.org", "192.0.2.9"}, out, office_.now()));
  EXPECT_EQ(mode_of(out / "broker.key"), 0600U);
  EXPECT_EQ(read_text_file(out / "ca.crt").value(), read_text_file(folder_ / "ca.crt").value());
  const auto authority = pem::read_certificate(folder_ / "ca.crt");
  const auto broker = pem::read_certificate(out / "broker.crt");
  const auto client = pem::read_certificate(office_.authority().client_certificate());
  ASSERT_TRUE(authority && broker && client);
  for (X509* certificate : {broker->get(), client->get()})
    EXPECT_EQ(X509_verify(certificate, X509_get0_pubkey(authority->get())), 1);
  EXPECT_EQ(X509_check_host(broker->get(), "broker.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(broker->get(), "localhost", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(broker->get(), "192.0.2.9", 0), 1);
  EXPECT_EQ(pem::common_name(*X509_get_subject_name(client->get())), "office");
  const auto nameless = office_.authority().make_broker_certificate({}, out, office_.now());
  ASSERT_FALSE(nameless);
  EXPECT_THAT(nameless.error().message, HasSubstr("--host is missing"));
}

TEST_F(AuthorityTest, NobodyIsEnrolledWhoCouldNotSeal) {
  fs::remove_all(office_.recipients());
  const auto enrolled =
      enrol_device(office_.authority(), office_.store(), request_of(*key_, "0123456789abcdef"),
                   office_.folder() / "out", office_.now());
  ASSERT_FALSE(enrolled);
  EXPECT_THAT(enrolled.error().message, HasSubstr("run wayside-backoffice recipient-key new"));
  EXPECT_EQ(office_.store().device_count().value(), 0U);
}

TEST_F(AuthorityTest, EnrollingAgainSaysWhetherTheKeyIsAnother) {
  const auto enrol = [&](EVP_PKEY& key) {
    const auto enrolled =
        enrol_device(office_.authority(), office_.store(), request_of(key, "0123456789abcdef"),
                     office_.folder() / "out", office_.now());
    EXPECT_TRUE(enrolled) << enrolled.error().message;
    EXPECT_TRUE(
        office_.store().is_enrolled("0123456789abcdef", enrolled->device.fingerprint).value_or(false));
    return enrolled->earlier_key;
  };
  EXPECT_EQ(enrol(*key_), EarlierKey::none);
  EXPECT_EQ(enrol(*key_), EarlierKey::same);
  EXPECT_EQ(enrol(*pem::make_device_key().value()), EarlierKey::other);
}

// Another camera's authority in the folder, and a second controller's recipient with a secret in its file.
TEST_F(AuthorityTest, AnEnrolmentHoldsWhatIsThisCamerasAndNoSecret) {
  const fs::path out = office_.folder() / "out";
  IssuedAuthorities issued(office_.authority().deployment());
  AuthorityDocument draft;
  draft.organisation = draft.purpose = draft.site = draft.contact = "Example";
  draft.valid_from = office_.now();
  draft.valid_until = draft.review = office_.now() + std::chrono::hours(24);
  for (int i = 0; i < 6; ++i) {
    draft.devices = {i == 0 ? "ffffffffffffffff" : "0123456789abcdef"};
    ASSERT_TRUE(issued.issue(draft, office_.now()));
  }
  fs::create_directory(out);
  ASSERT_TRUE(issued.pass_on("ffffffffffffffff", out / "authority"));
  Recipient second;
  second.name = "second controller";
  second.key = make_recipient_secret().key;
  second.view = RecordView::pseudonym;
  second.pseudonym_key = Bytes(32, 9);
  ASSERT_TRUE(replace_file(office_.recipients() / "second.toml", as_bytes(to_toml(second)), 0600));
  const UtcTime now = office_.now();
  const auto enrolled =
      enrol_device(office_.authority(), office_.store(), request_of(*key_, "0123456789abcdef"), out, now);
  ASSERT_TRUE(enrolled) << enrolled.error().message;
  const auto text = read_text_file(out / enrolment_name).value();
  const auto enrolment = enrolment_from(text);
  ASSERT_TRUE(enrolment) << enrolment.error().message;
  EXPECT_EQ(enrolment->device_id, "0123456789abcdef");
  EXPECT_EQ(enrolment->issued, now);
  EXPECT_EQ(enrolled->office, office_fingerprint(read_text_file(folder_ / "ca.crt").value()).value());
  std::vector<std::string> names;
  for (const Enrolment::File& file : enrolment->files) {
    names.push_back(file.name);
    EXPECT_EQ(file.content, read_text_file(out / file.name).value()) << file.name;
  }
  const std::string own = "recipients/" +
                          to_hex(key_id(list_recipients(office_.recipients()).value().at(0).recipient.key)) +
                          ".toml";
  EXPECT_THAT(names, testing::UnorderedElementsAre("back-office-ca.crt", "device.crt", "authority/office-key",
                                                   "watchlists/issuer-key", own, "authority/3.authority",
                                                   "authority/4.authority", "authority/5.authority",
                                                   "authority/6.authority"));
  EXPECT_TRUE(fs::exists(out / "authority/1.authority"));
  EXPECT_EQ(text.find(to_hex(*second.pseudonym_key)), std::string::npos);
  EXPECT_EQ(text.find("PRIVATE"), std::string::npos);
}

TEST_F(AuthorityTest, AuthorityWhoseKeyIsAnothersIsSaidToBeDamaged) {
  ASSERT_TRUE(replace_file(folder_ / "ca.key", as_bytes(pem::text_of(*key_).value()), 0600));
  const auto device = office_.authority().sign(request_of(*key_, "0123456789abcdef"), office_.now());
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, ErrorCode::corrupt);
  EXPECT_THAT(device.error().message, HasSubstr("do not belong together"));
}

}  // namespace
}  // namespace wayside::backoffice
