// Expected failures as values.
//
// Threads: values, no shared state. Ownership: by value. A bug is an assertion, never an Error; a vendor's
// exception is caught in the one file that calls the vendor and becomes an Error there.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace wayside {

// What the caller can do about it, not where it came from.
enum class ErrorCode {
  invalid_input,  // the given file, field or value is wrong: a person must change it
  not_found,      // a named thing is not there
  corrupt,        // stored bytes do not check out
  io,             // the operating system refused or failed
  exhausted,      // no room: disk, memory, quota
  refused,        // the peer understood and said no
  unavailable,    // the peer cannot be reached now: the same call may work later
  unsupported,    // understood, and not something this build or device does
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::io;
  // One sentence for a person: names the file, line or field, the expected form, and what to do. Never a VRM.
  std::string message;

  // Puts what was being attempted in front: "reading a.toml: line 3: ...".
  [[nodiscard]] Error context(std::string_view attempted) const {
    return Error{code, std::string(attempted) + ": " + message};
  }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace wayside
