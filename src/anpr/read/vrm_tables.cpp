#include "vrm_tables.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <initializer_list>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::vrm {
namespace {

constexpr std::size_t most_positions = 12;
constexpr char age_mark = '@';

// Everything that can be wrong with a file leaves by this exception, and read_tables() turns it into an
// Error.
struct Refusal {
  std::string message;
};

class Reading {
 public:
  explicit Reading(std::filesystem::path file) : file_(std::move(file)) {}

  VrmSyntax::Tables tables(const toml::table& root) {
    only_keys(root, "the file", {"classes", "unknown", "ends", "form", "lookalikes"});
    VrmSyntax::Tables tables;
    tables.junk_cost = number(table(root, "ends", {"junk_cost"}), "ends.junk_cost", "junk_cost", 0, 100);
    tables.log_unknown =
        std::log(number(table(root, "unknown", {"weight"}), "unknown.weight", "weight", 1e-9, 1));
    classes_ = read_classes(root);
    const toml::array* forms = root["form"].as_array();
    if (forms == nullptr || forms->empty()) refuse(root, "has no [[form]]; expected at least one");
    for (const toml::node& form : *forms)
      read_form(form, tables);
    read_lookalikes(table(root, "lookalikes", {"any_other", "pairs"}), tables);
    return tables;
  }

 private:
  [[noreturn]] void refuse(const toml::node& where, const std::string& what) const {
    throw Refusal{fmt::format("{}: line {}: {}", file_.string(), where.source().begin.line, what)};
  }

  void only_keys(const toml::table& table, std::string_view name,
                 std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        refuse(value, fmt::format("unknown field \"{}\" in {}; expected {}", json_escape(key.str()), name,
                                  fmt::join(known, ", ")));
      }
    }
  }

  const toml::table& table(const toml::table& root, std::string_view name,
                           std::initializer_list<std::string_view> known) const {
    const toml::table* found = root[name].as_table();
    if (found == nullptr)
      refuse(root, fmt::format("field \"{}\" is missing or no table; add [{}]", name, name));
    if (known.size() > 0) only_keys(*found, fmt::format("[{}]", name), known);
    return *found;
  }

  double number(const toml::table& table, std::string_view field, std::string_view key, double least,
                double most) const {
    const std::optional<double> value = table[key].value<double>();
    if (!value || !(*value >= least && *value <= most)) {
      const toml::node* node = table.get(key);
      refuse(node != nullptr ? *node : table,
             fmt::format("field \"{}\" is missing or wrong; expected a number from {} to {}", field, least,
                         most));
    }
    return *value;
  }

  std::string text(const toml::table& table, std::string_view field, std::string_view key) const {
    const std::optional<std::string> value = table[key].value_exact<std::string>();
    if (!value || value->empty()) {
      const toml::node* node = table.get(key);
      refuse(node != nullptr ? *node : table,
             fmt::format("field \"{}\" is missing or wrong; expected a text", field));
    }
    return *value;
  }

  CharacterSet characters(const toml::node& where, std::string_view field, std::string_view text) const {
    CharacterSet set;
    for (const char character : text) {
      const std::optional<std::size_t> index = index_of(character);
      if (!index)
        refuse(where, fmt::format("field \"{}\" holds a character that is none of 0-9 and A-Z", field));
      set.set(*index);
    }
    return set;
  }

  std::array<CharacterSet, 128> read_classes(const toml::table& root) const {
    std::array<CharacterSet, 128> classes;
    const toml::table& listed = table(root, "classes", {});
    for (const auto& [key, value] : listed) {
      const std::string_view name = key.str();
      const bool good =
          name.size() == 1 && ((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z'));
      if (!good)
        refuse(value, fmt::format("class \"{}\" has a wrong name; expected one letter", json_escape(name)));
      const std::string field = fmt::format("classes.{}", name);
      classes[static_cast<unsigned char>(name[0])] = characters(value, field, text(listed, field, name));
    }
    return classes;
  }

  void read_form(const toml::node& node, VrmSyntax::Tables& tables) const {
    const toml::table* form = node.as_table();
    if (form == nullptr) refuse(node, "field \"form\" is wrong; expected [[form]] tables");
    only_keys(*form, "[[form]]", {"name", "patterns", "weight"});
    const std::string name = text(*form, "form.name", "name");
    if (name == "unknown" ||
        std::find(tables.forms.begin(), tables.forms.end(), name) != tables.forms.end()) {
      refuse(*form, fmt::format("form \"{}\" is there twice; expected one [[form]] for each name",
                                json_escape(name)));
    }
    const double weight = number(*form, "form.weight", "weight", 1e-9, 1);
    const toml::array* patterns = (*form)["patterns"].as_array();
    if (patterns == nullptr || patterns->empty()) {
      refuse(*form,
             fmt::format("field \"patterns\" of form \"{}\" is missing or wrong; expected a list of texts",
                         json_escape(name)));
    }
    tables.forms.push_back(name);
    const double log_share = std::log(weight / static_cast<double>(patterns->size()));
    for (const toml::node& pattern : *patterns) {
      tables.patterns.push_back(read_pattern(pattern, name, tables));
      tables.patterns.back().log_prior += log_share;
    }
  }

  Pattern read_pattern(const toml::node& node, const std::string& form,
                       const VrmSyntax::Tables& tables) const {
    const std::optional<std::string> notation = node.value_exact<std::string>();
    if (!notation || notation->empty() || notation->size() > most_positions) {
      refuse(node, fmt::format("a pattern of form \"{}\" is wrong; expected a text of 1 to {} class letters",
                               json_escape(form), most_positions));
    }
    Pattern pattern;
    pattern.form = tables.forms.size() - 1;
    for (std::size_t at = 0; at < notation->size(); ++at) {
      const char name = (*notation)[at];
      if (name == age_mark) {
        if (pattern.age || at + 1 == notation->size() || (*notation)[at + 1] != age_mark) {
          refuse(node,
                 fmt::format("pattern \"{}\" has a lone or repeated age identifier; expected one \"@@\"",
                             json_escape(*notation)));
        }
        pattern.age = at++;
        const CharacterSet digits = characters(node, "age identifier", "0123456789");
        pattern.positions.insert(pattern.positions.end(), 2, digits);
        continue;
      }
      const auto place = static_cast<unsigned char>(name);
      const CharacterSet set = place < classes_.size() ? classes_[place] : CharacterSet{};
      if (set.none()) {
        refuse(node, fmt::format("pattern \"{}\" names the class \"{}\", which [classes] does not have",
                                 json_escape(*notation), json_escape({&name, 1})));
      }
      pattern.positions.push_back(set);
      pattern.log_prior += std::log(letters) - std::log(static_cast<double>(set.count()));
    }
    return pattern;
  }

  void read_lookalikes(const toml::table& lookalikes, VrmSyntax::Tables& tables) const {
    const double any_other = number(lookalikes, "lookalikes.any_other", "any_other", 0, 100);
    for (std::size_t seen = 0; seen < letters; ++seen) {
      tables.cost[seen].fill(any_other);
      tables.cost[seen][seen] = 0;
    }
    const toml::array* pairs = lookalikes["pairs"].as_array();
    if (pairs == nullptr)
      refuse(lookalikes, "field \"lookalikes.pairs\" is missing or wrong; expected a list");
    for (const toml::node& node : *pairs) {
      const toml::table* pair = node.as_table();
      if (pair == nullptr)
        refuse(node, "an entry of \"lookalikes.pairs\" is wrong; expected { characters, cost }");
      only_keys(*pair, "lookalikes.pairs", {"characters", "cost"});
      const std::string both = text(*pair, "lookalikes.pairs.characters", "characters");
      if (both.size() != 2 || both[0] == both[1] || characters(node, "characters", both).count() != 2) {
        refuse(node, "field \"lookalikes.pairs.characters\" is wrong; expected two different characters");
      }
      const double cost = number(*pair, "lookalikes.pairs.cost", "cost", 0, 100);
      tables.cost[*index_of(both[0])][*index_of(both[1])] = cost;
      tables.cost[*index_of(both[1])][*index_of(both[0])] = cost;
    }
  }

  std::filesystem::path file_;
  std::array<CharacterSet, 128> classes_;
};

}  // namespace

std::optional<std::size_t> index_of(char character) {
  if (character >= '0' && character <= '9') return static_cast<std::size_t>(character - '0');
  if (character >= 'A' && character <= 'Z') return static_cast<std::size_t>(character - 'A') + 10;
  return std::nullopt;
}

Ages::Ages(UtcTime at) {
  using namespace std::chrono;
  const sys_days given = floor<days>(sys_time<milliseconds>(milliseconds(at.ms)));
  // A camera whose clock is not set yet must not take every current mark for impossible.
  const sys_days now = std::max(given, sys_days(year(2026) / January / 1));
  for (std::size_t id = 0; id < exist.size(); ++id) {
    const bool september = id > 50;
    const auto years = static_cast<int>(september ? id - 50 : id);
    const sys_days first =
        september ? sys_days(year(2000 + years) / September / 1) : sys_days(year(2000 + years) / March / 1);
    // The style began in September 2001 with 51; 00, 01 and 50 were never given.
    exist[id] = id != 0 && id != 1 && id != 50 && first <= now;
  }
  const auto count = std::count(exist.begin(), exist.end(), true);
  log_prior = 2 * std::log(letters) - std::log(static_cast<double>(count));
}

Result<VrmSyntax::Tables> read_tables(const std::filesystem::path& file) {
  const Result<std::string> content = read_text_file(file);
  if (!content) return fail(content.error());
  try {
    return Reading(file).tables(toml::parse(*content));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: line {}: not TOML: {}", file.string(), error.source().begin.line,
                            json_escape(error.description())));
  } catch (const Refusal& refusal) {
    return fail(ErrorCode::invalid_input, refusal.message);
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: cannot be read as TOML: {}", file.string(), json_escape(error.what())));
  }
}

}  // namespace wayside::vrm
