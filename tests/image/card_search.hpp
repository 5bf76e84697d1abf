// What somebody with a camera's card and patience finds in its bytes: a text wherever it lies, in a file, in
// a name, or in what the file system has given free and not written over.
//
// Threads: none. Failure: std::runtime_error.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/image/camera_disk.hpp"

namespace wayside::image {

// Of each text: the partitions in which it is found, as it is or with a blank or 16 bits to a character.
[[nodiscard]] std::map<std::string, std::set<std::string>> found_on(const CameraDisk& disk,
                                                                    const std::vector<std::string>& texts);

// How a VRM may be written: with its blank, and in small letters.
[[nodiscard]] std::vector<std::string> spellings(const std::string& vrm);

// What a private key in PEM is when its armour is taken off, and the base64 of it as it stands in lines.
[[nodiscard]] std::vector<std::string> key_material(const std::filesystem::path& pem);

}  // namespace wayside::image
