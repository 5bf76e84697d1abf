// Keys, certificates and requests in PEM form.
#include "src/device/identity/pem.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const InputFile file;
  const std::filesystem::path path = file.write(data, size);
  if (const auto key = pem::read_key(path); !key) require_good(key.error());
  if (const auto request = pem::read_request(path); !request) {
    require_good(request.error());
  } else {
    static_cast<void>(pem::common_name(*X509_REQ_get_subject_name(request->get())));
  }
  if (const auto certificate = pem::read_certificate(path); !certificate) {
    require_good(certificate.error());
  } else {
    static_cast<void>(pem::common_name(*X509_get_subject_name(certificate->get())));
    static_cast<void>(pem::valid_until(**certificate));
    require(pem::text_of(**certificate).has_value(), "a certificate that was read can be written");
  }
  return 0;
}
