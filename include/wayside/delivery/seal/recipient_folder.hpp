// The folder of recipients' files, file by file: one that is damaged must not keep the others from counting.
//
// Threads: any. Failure: of the folder itself only (others than its owner may write there, it cannot be
// listed); what is wrong with a file is a value. load_recipients() of keys.hpp takes all files or none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/keys.hpp"

namespace wayside {

struct RecipientOfFile {
  std::filesystem::path file;
  Recipient recipient;
};

struct RecipientFolder {
  struct Bad {
    std::filesystem::path file;
    Error error;  // names the file
  };
  std::vector<RecipientOfFile> good;  // by file name
  std::vector<Bad> bad;               // likewise
};

// Of two files that contradict each other (one key in both, two pseudonym keys) the first is good. An absent
// folder has none.
[[nodiscard]] Result<RecipientFolder> read_recipient_folder(const std::filesystem::path& folder);

// Why this one cannot count beside the others; empty: it can.
[[nodiscard]] std::string contradiction(const RecipientOfFile& one,
                                        const std::vector<RecipientOfFile>& others);

}  // namespace wayside
