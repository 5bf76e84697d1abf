// An enrolment as it is pasted at the console.
#include "wayside/device/identity/enrolment.hpp"

#include "src/device/identity/enrolment_body.hpp"
#include "src/device/identity/pem.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const pem::Key key = pem::make_key().value();
  static const auto sign = [](ByteView bytes) { return pem::sign(bytes, *key); };
  const std::string_view text = text_of(data, size);
  if (const auto read = enrolment_from(text); !read) require_good(read.error());
  // Behind the signature, which nobody finds by chance.
  const auto body = identity::enrolment_body_from(text);
  if (!body) {
    require_good(body.error());
    return 0;
  }
  for (const Enrolment::File& file : body->files) {
    require(is_enrolment_file(file.name), "only files of an enrolment are in one");
    require(file.name.find("..") == std::string::npos && file.name.front() != '/', "no name leads elsewhere");
  }
  const auto again = enrolment_text(*body, sign);
  if (!again) {
    require(again.error().code == ErrorCode::exhausted, "what was read can be written");
    return 0;
  }
  const auto reread = identity::enrolment_body_from(std::string_view(*again).substr(again->find('\n') + 1));
  require(reread && *reread == *body, "what was written is read again");
  if (const auto office = office_fingerprint(text); !office) require_good(office.error());
  return 0;
}
