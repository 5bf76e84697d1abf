#include "wayside/anpr/model/model_store.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside {
namespace {

// TOML of this length cannot nest deeply enough to exhaust the stack.
constexpr std::size_t largest_manifest = std::size_t{32} << 10;
constexpr std::size_t largest_model = std::size_t{64} << 20;
constexpr std::string_view remedy =
    "install the package's models again, or see models/README.md for how they are made";

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A name inside the folder: nothing that leads out of it.
bool is_inside(const std::filesystem::path& file) {
  return !file.empty() && file.is_relative() &&
         std::none_of(file.begin(), file.end(),
                      [](const std::filesystem::path& part) { return part == ".."; });
}

}  // namespace

Result<ModelStore> ModelStore::open(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "manifest.toml";
  Result<std::string> text = read_text_file(path, largest_manifest);
  if (!text) return fail(text.error().context("reading the models' manifest"));
  ModelStore store;
  store.folder_ = folder;
  const auto refuse = [&](const toml::node& where, const std::string& what) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: line {}: {}", path.string(), where.source().begin.line, what));
  };
  toml::table root;
  try {
    root = toml::parse(*text);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: line {}: {}", path.string(), error.source().begin.line,
                            json_escape(error.description())));
  }
  const toml::array* models = root["model"].as_array();
  if (models == nullptr || models->empty()) return refuse(root, "has no [[model]]; expected at least one");
  std::string all;
  for (const toml::node& node : *models) {
    const toml::table* model = node.as_table();
    if (model == nullptr) return refuse(node, "is no table; expected [[model]]");
    const std::string name = (*model)["name"].value_or(std::string());
    const std::filesystem::path file = (*model)["file"].value_or(std::string());
    const std::string hash = (*model)["sha256"].value_or(std::string());
    if (name.empty()) return refuse(node, "field \"name\" is missing or no text");
    if (!is_inside(file))
      return refuse(node, "field \"file\" is missing, or no path within the folder of the models");
    if (!is_sha256(hash))
      return refuse(node, "field \"sha256\" is missing or wrong; expected 64 hexadecimal digits, lower case");
    if (!store.entries_.emplace(name, Entry{file, hash}).second)
      return refuse(node,
                    fmt::format("a second model is named \"{}\"; names must differ", json_escape(name)));
  }
  for (const auto& [name, entry] : store.entries_)
    all += name + "=" + entry.sha256 + "\n";
  store.version_ = to_hex(sha256(as_bytes(all))).substr(0, 12);
  return store;
}

Result<Bytes> ModelStore::load(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return fail(ErrorCode::not_found,
                fmt::format("{} names no model \"{}\"; {}", (folder_ / "manifest.toml").string(),
                            json_escape(name), remedy));
  }
  const Entry& entry = found->second;
  const std::filesystem::path path = folder_ / entry.file;
  const Result<std::string> read = read_text_file(path, largest_model);
  if (!read) {
    return fail(read.error().code, fmt::format("{}; the model \"{}\" with sha256 {} belongs there: {}",
                                               read.error().message, name, entry.sha256, remedy));
  }
  Bytes bytes(read->begin(), read->end());
  if (const std::string hash = to_hex(sha256(bytes)); hash != entry.sha256) {
    return fail(ErrorCode::corrupt,
                fmt::format("{}: the model \"{}\" is damaged: its sha256 is {}, expected {}; {}",
                            path.string(), name, hash, entry.sha256, remedy));
  }
  return bytes;
}

}  // namespace wayside
