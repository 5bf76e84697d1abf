// The folder of a camera's deployment authority (device/authority/document.md): whose signature counts
// (office-key), and the documents (*.authority).
//
// A document that comes from the office is put there once its signature and its fields hold, replaced whole;
// a file put there by hand counts when the folder is read again. What is damaged, for others, or signed by
// somebody else is left alone and said.
//
// Threads: one. Failure: none; what cannot be used is a problem(), what is not taken is logged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "wayside/base/result.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/device/authority/document.hpp"

namespace wayside::app {

class AuthorityFolder {
 public:
  AuthorityFolder(std::filesystem::path folder, std::string device_id)
      : folder_(std::move(folder)), device_id_(std::move(device_id)) {}

  // False: nothing has changed since.
  bool read();
  void adopt(std::span<const std::string> documents);
  // Of a file that can never count again.
  void remove(const std::filesystem::path& file, const AuthorityDocument& document) const;

  // As they were read: genuine, and for this camera.
  [[nodiscard]] const std::map<std::filesystem::path, AuthorityDocument>& documents() const {
    return documents_;
  }
  // Genuine ones for other cameras are there.
  [[nodiscard]] bool has_others() const { return has_others_; }
  [[nodiscard]] bool has_key() const { return key_.has_value(); }
  // What is wrong with it, or with a file of it; empty: nothing.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct File {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type changed;
    friend bool operator==(const File&, const File&) = default;
  };
  using Listing = std::map<std::filesystem::path, File>;

  [[nodiscard]] Listing list() const;
  [[nodiscard]] Result<AuthorityDocument> read_document(const std::filesystem::path& file) const;
  [[nodiscard]] Status adopt_one(const std::string& text);

  const std::filesystem::path folder_;
  const std::string device_id_;
  std::optional<Listing> listed_;
  std::optional<VerifyingKey> key_;
  std::map<std::filesystem::path, AuthorityDocument> documents_;
  bool has_others_ = false;
  std::string problem_;
  std::string untaken_told_;
};

// A document that somebody offers, checked with that folder's key. Threads: any. Failure: not_found without a
// key, invalid_input.
[[nodiscard]] Result<AuthorityDocument> authority_offered(const std::filesystem::path& folder,
                                                          const std::string& document);

}  // namespace wayside::app
