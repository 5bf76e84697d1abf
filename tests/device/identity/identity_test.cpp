// A camera's identity: made once, kept, and refused with the reason where any piece does not fit.
#include "wayside/device/identity/identity.hpp"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"

#include "src/device/identity/pem.hpp"
#include "tests/device/identity/identity_files.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0U;
}

// A certificate for the key, signed by itself: load_identity() does not ask who signed.
std::string certificate_text(EVP_PKEY& key, const std::string& common_name, UtcTime from, UtcTime until) {
  const pem::Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), from.ms / 1000);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), until.ms / 1000);
  EXPECT_TRUE(pem::set_common_name(*X509_get_subject_name(certificate.get()), common_name));
  X509_set_pubkey(certificate.get(), &key);
  EXPECT_GT(X509_sign(certificate.get(), &key, pem::ed25519_public_key(key) ? nullptr : EVP_sha256()), 0);
  return pem::text_of(*certificate).value();
}

class IdentityTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(replace_file(folder_ / name, as_bytes(text)));
  }
  std::string device_id() { return content(folder_ / "device-id").substr(0, 16); }
  pem::Key key() { return pem::read_key(folder_ / "device.key").value(); }
  void enrol(const std::string& common_name, UtcTime from = now + std::chrono::hours(-1),
             UtcTime until = now + std::chrono::hours(1)) {
    put("device.crt", certificate_text(*key(), common_name, from, until));
    put("back-office-ca.crt", certificate_text(*pem::make_key().value(), "ca", from, until));
  }

  doubles::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "lib" / "identity";
};

TEST_F(IdentityTest, MadeIdentityIsPrivateAndItsRequestNamesTheDevice) {
  const auto request_path = make_identity(folder_);
  ASSERT_TRUE(request_path) << request_path.error().message;
  EXPECT_EQ(*request_path, folder_ / "device.csr");
  EXPECT_EQ(mode_of(folder_), 0700U);
  EXPECT_EQ(mode_of(folder_ / "device.key"), 0600U);
  EXPECT_TRUE(pem::is_device_id(device_id()));
  EXPECT_THAT(content(folder_ / "device.key"), HasSubstr("BEGIN PRIVATE KEY"));

  const auto request = pem::read_request(*request_path);
  ASSERT_TRUE(request);
  EXPECT_EQ(pem::common_name(*X509_REQ_get_subject_name(request->get())), device_id());
  EXPECT_EQ(X509_REQ_verify(request->get(), key().get()), 1);
  EXPECT_EQ(EVP_PKEY_get_id(key().get()), EVP_PKEY_ED25519);
}

TEST_F(IdentityTest, MakingTwiceKeepsEverything) {
  ASSERT_TRUE(make_identity(folder_));
  const std::string id = content(folder_ / "device-id");
  const std::string key_text = content(folder_ / "device.key");
  const std::string request = content(folder_ / "device.csr");
  ASSERT_TRUE(make_identity(folder_));
  EXPECT_EQ(content(folder_ / "device-id"), id);
  EXPECT_EQ(content(folder_ / "device.key"), key_text);
  EXPECT_EQ(content(folder_ / "device.csr"), request);
}

TEST_F(IdentityTest, TwoDevicesDiffer) {
  ASSERT_TRUE(make_identity(folder_));
  const fs::path other = temporary_.path() / "other";
  ASSERT_TRUE(make_identity(other));
  EXPECT_NE(content(folder_ / "device-id"), content(other / "device-id"));
  EXPECT_NE(content(folder_ / "device.key"), content(other / "device.key"));
}

TEST_F(IdentityTest, InterruptedMakingGoesOn) {
  ASSERT_TRUE(make_identity(folder_));
  const std::string id = content(folder_ / "device-id");
  fs::remove(folder_ / "device.csr");
  fs::remove(folder_ / "device.key");
  ASSERT_TRUE(make_identity(folder_));
  EXPECT_EQ(content(folder_ / "device-id"), id);
  EXPECT_TRUE(fs::exists(folder_ / "device.csr"));
}

TEST_F(IdentityTest, RequestOfAnotherKeyIsMadeAnew) {
  ASSERT_TRUE(make_identity(folder_));
  const std::string old_request = content(folder_ / "device.csr");
  fs::remove(folder_ / "device.key");
  ASSERT_TRUE(make_identity(folder_));
  EXPECT_NE(content(folder_ / "device.csr"), old_request);
  put("device.csr", "garbage");
  ASSERT_TRUE(make_identity(folder_));
  EXPECT_TRUE(pem::read_request(folder_ / "device.csr"));
}

TEST_F(IdentityTest, LooseFolderIsTightenedWhileItIsEmpty) {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::all);
  ASSERT_TRUE(make_identity(folder_));
  EXPECT_EQ(mode_of(folder_), 0700U);
}

TEST_F(IdentityTest, FolderWithOtherThingsInItIsNotClosedToOthers) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "passwd") << "x";
  for (const unsigned mode : {0755U, 0750U, 0701U}) {
    fs::permissions(folder_, fs::perms(mode));
    const auto refused = make_identity(folder_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(refused.error().message,
                testing::AllOf(HasSubstr("with mode 0700"), HasSubstr("chmod 0700 " + folder_.string())));
    EXPECT_EQ(mode_of(folder_), mode);
    EXPECT_FALSE(fs::exists(folder_ / "device.key"));
  }
  fs::permissions(folder_, fs::perms(0700));
  EXPECT_TRUE(make_identity(folder_));
}

TEST_F(IdentityTest, KeyWithoutItsDeviceIdIsNotGivenANewOne) {
  ASSERT_TRUE(make_identity(folder_));
  fs::remove(folder_ / "device-id");
  const auto again = make_identity(folder_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::corrupt);
  EXPECT_THAT(again.error().message, HasSubstr("device-id is missing"));
  EXPECT_FALSE(fs::exists(folder_ / "device-id"));
}

TEST_F(IdentityTest, DamagedFilesAreNamedAndKept) {
  ASSERT_TRUE(make_identity(folder_));
  put("device-id", "0123456789ABCDEF\n");
  const auto bad_id = make_identity(folder_);
  ASSERT_FALSE(bad_id);
  EXPECT_THAT(bad_id.error().message, HasSubstr("device-id must hold 16 lower case hex digits"));

  put("device-id", "0123456789abcdef\n");
  put("device.key", "no key");
  const auto bad_key = make_identity(folder_);
  ASSERT_FALSE(bad_key);
  EXPECT_THAT(bad_key.error().message, HasSubstr("device.key holds no unencrypted private key in PEM form"));
  EXPECT_EQ(content(folder_ / "device.key"), "no key");
}

TEST_F(IdentityTest, FileInPlaceOfTheFolderIsRefused) {
  std::ofstream(temporary_.path() / "file") << "x";
  const auto made = make_identity(temporary_.path() / "file");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("is not a folder"));
}

TEST_F(IdentityTest, EnrolledIdentityLoads) {
  ASSERT_TRUE(make_identity(folder_));
  enrol(device_id());
  const auto identity = load_identity(folder_, now);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->device_id, device_id());
  EXPECT_EQ(identity->private_key, folder_ / "device.key");
  EXPECT_EQ(identity->certificate, folder_ / "device.crt");
  EXPECT_EQ(identity->back_office_ca, folder_ / "back-office-ca.crt");
  EXPECT_EQ(identity->certificate_valid_until, now + std::chrono::hours(1));
}

TEST_F(IdentityTest, MissingStepsAreNamed) {
  const auto expect_missing = [&](const std::string& words) {
    const auto identity = load_identity(folder_, now);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, ErrorCode::not_found);
    EXPECT_THAT(identity.error().message, HasSubstr(words));
  };
  expect_missing("holds no device-id: run waysided --make-identity");
  ASSERT_TRUE(make_identity(folder_));
  expect_missing("put device.crt there");
  enrol(device_id());
  fs::remove(folder_ / "back-office-ca.crt");
  expect_missing("put back-office-ca.crt there");
  fs::remove(folder_ / "device.key");
  expect_missing("holds no device.key: run waysided --make-identity");
}

class IdentityRefused : public IdentityTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_identity(folder_));
    enrol(device_id());
  }
  void expect_refused(const std::string& words) {
    const auto identity = load_identity(folder_, now);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(identity.error().message, HasSubstr(words));
    EXPECT_EQ(ERR_peek_error(), 0UL) << "an OpenSSL error is left for the next caller to trip over";
  }
};

TEST_F(IdentityRefused, CertificateOfAnotherDevice) {
  enrol("ffffffffffffffff");
  expect_refused("must name the device id");
}

TEST_F(IdentityRefused, CertificateOfAnotherKey) {
  put("device.crt",
      certificate_text(*pem::make_key().value(), device_id(), now, now + std::chrono::hours(1)));
  expect_refused("was not made for");
}

TEST_F(IdentityRefused, ExpiredCertificateSaysUntilWhen) {
  enrol(device_id(), now + std::chrono::hours(-2), UtcTime{1'794'999'999'000});
  expect_refused("was valid until 2026-11-18T11:06:39.000Z");
}

TEST_F(IdentityRefused, CertificateThatExpiresThisVeryMoment) {
  enrol(device_id(), now + std::chrono::hours(-2), now);
  expect_refused("was valid until");
}

TEST_F(IdentityRefused, KeyThatOthersCanRead) {
  fs::permissions(folder_ / "device.key", fs::perms(0640));
  expect_refused("has mode 0640");
}

TEST_F(IdentityRefused, GarbageInPlaceOfEachFile) {
  put("back-office-ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  expect_refused("back-office-ca.crt holds no certificate in PEM form");
  put("device.crt", std::string("\0\xff", 2));
  expect_refused("device.crt holds no certificate in PEM form");
  put("device.crt", std::string(100'000, 'A'));
  expect_refused("device.crt is larger than");
  put("device-id", "");
  expect_refused("device-id must hold");
}

TEST_F(IdentityRefused, EncryptedKeyIsRefusedWithoutAskingForThePassword) {
  const pem::Key key = pem::make_key().value();
  BIO* bio = BIO_new(BIO_s_mem());
  const std::string password = "secret";
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_128_cbc(), password.data(),
                                          static_cast<int>(password.size()), nullptr, nullptr),
            1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  ASSERT_TRUE(replace_file(folder_ / "device.key", as_bytes({data, static_cast<std::size_t>(size)}), 0600));
  BIO_free(bio);
  expect_refused("holds no unencrypted private key");
}

TEST_F(IdentityRefused, KeyOfTheKindThatEarlierVersionsMade) {
  const std::string id = device_id();
  ASSERT_TRUE(
      replace_file(folder_ / "device.key", as_bytes(pem::text_of(*pem::make_key().value()).value()), 0600));
  const std::string words = "is no Ed25519 key";
  expect_refused(words);
  expect_refused(
      "delete it, run waysided --make-identity, which keeps the device id, and enrol the new device.csr");
  EXPECT_THAT(make_identity(folder_).error().message, HasSubstr(words));
  EXPECT_THAT(load_signing_seed(folder_).error().message, HasSubstr(words));
  EXPECT_THAT(device_public_key(folder_).error().message, HasSubstr(words));
  fs::remove(folder_ / "device.key");
  ASSERT_TRUE(make_identity(folder_));
  EXPECT_EQ(device_id(), id);
  enrol(id);
  EXPECT_TRUE(load_identity(folder_, now));
}

TEST_F(IdentityTest, SigningKeyIsThatOfTheCertificateAndNeedsNone) {
  EXPECT_EQ(load_signing_seed(folder_).error().code, ErrorCode::not_found);
  ASSERT_TRUE(make_identity(folder_));
  const auto seed = load_signing_seed(folder_);
  ASSERT_TRUE(seed) << seed.error().message;
  const auto public_key = device_public_key(folder_);
  ASSERT_TRUE(public_key) << public_key.error().message;
  const pem::Key from_seed(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed->view().data(), 32));
  EXPECT_EQ(pem::ed25519_public_key(*from_seed), *public_key);
  enrol(device_id());
  const auto certificate = pem::read_certificate(folder_ / "device.crt");
  EXPECT_EQ(pem::ed25519_public_key(*X509_get0_pubkey(certificate->get())), *public_key);
}

TEST_F(IdentityTest, SigningKeyThatOthersCanReadIsNotUsed) {
  ASSERT_TRUE(make_identity(folder_));
  fs::permissions(folder_ / "device.key", fs::perms(0640));
  EXPECT_THAT(load_signing_seed(folder_).error().message, HasSubstr("has mode 0640"));
}

TEST_F(IdentityTest, CertificateNotValidYetLoadsForACameraWhoseClockIsNotSet) {
  ASSERT_TRUE(make_identity(folder_));
  enrol(device_id());
  EXPECT_TRUE(load_identity(folder_, UtcTime{0}));
}

}  // namespace
}  // namespace wayside
