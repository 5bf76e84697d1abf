#include "wayside/anpr/read/vrm_syntax.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "vrm_tables.hpp"

namespace wayside {
namespace {

using vrm::Pattern;

// log p of every character at every position, look-alikes and the never-offered included.
using Evidence = std::vector<std::array<double, vrm::letters>>;

constexpr double least_probability = 1e-6;  // an engine's 0 is a rounded value, not a proof
constexpr std::size_t shortest_without_ends = 3;

struct Partial {
  std::string text;
  double log_score = 0;
};

bool better(const Partial& a, const Partial& b) {
  return a.log_score != b.log_score ? a.log_score > b.log_score : a.text < b.text;
}

void keep_best(std::vector<Partial>& partials, std::size_t most) {
  if (partials.size() > most) {
    std::partial_sort(partials.begin(), partials.begin() + static_cast<std::ptrdiff_t>(most), partials.end(),
                      better);
    partials.resize(most);
  } else {
    std::sort(partials.begin(), partials.end(), better);
  }
}

std::size_t digit(char character) {
  return static_cast<std::size_t>(character - '0');
}

bool fits(const Pattern& pattern, const vrm::Ages& ages, std::string_view text) {
  if (text.size() != pattern.positions.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::optional<std::size_t> index = vrm::index_of(text[i]);
    if (!index || !pattern.positions[i].test(*index)) return false;
  }
  return !pattern.age || ages.exist[digit(text[*pattern.age]) * 10 + digit(text[*pattern.age + 1])];
}

std::optional<Evidence> evidence_of(const std::vector<CharacterPosition>& positions,
                                    const VrmSyntax::Tables& tables) {
  Evidence evidence(positions.size());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    evidence[i].fill(-1e9);
    bool any = false;
    for (const CharacterGuess& guess : positions[i]) {
      const std::optional<std::size_t> seen = vrm::index_of(guess.character);
      if (!seen) continue;
      any = true;
      const double log_p =
          std::log(std::clamp(static_cast<double>(guess.probability), least_probability, 1.0));
      for (std::size_t truth = 0; truth < vrm::letters; ++truth) {
        evidence[i][truth] = std::max(evidence[i][truth], log_p - tables.cost[*seen][truth]);
      }
    }
    if (!any) return std::nullopt;
  }
  return evidence;
}

// What can stand at a place of a mark, best first: a character, or the two digits of an age identifier, which
// depend on one another.
using Options = std::vector<Partial>;

// The characters of a position, best first: the same for every pattern.
using Order = std::vector<std::array<std::size_t, vrm::letters>>;

Order order_of(const Evidence& evidence) {
  Order order(evidence.size());
  for (std::size_t i = 0; i < evidence.size(); ++i) {
    std::iota(order[i].begin(), order[i].end(), std::size_t{0});
    std::sort(order[i].begin(), order[i].end(), [&scores = evidence[i]](std::size_t a, std::size_t b) {
      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    });
  }
  return order;
}

Options characters_at(const std::array<double, vrm::letters>& scores,
                      const std::array<std::size_t, vrm::letters>& order, const vrm::CharacterSet& allowed,
                      std::size_t count) {
  Options options;
  for (const std::size_t c : order) {
    if (options.size() == count) break;
    if (allowed.test(c)) options.push_back({std::string(1, vrm::alphabet[c]), scores[c]});
  }
  return options;
}

Options ages_at(const std::array<double, vrm::letters>& tens, const std::array<double, vrm::letters>& ones,
                const vrm::Ages& ages, std::size_t count) {
  Options options;
  for (std::size_t age = 0; age < 100; ++age) {
    if (ages.exist[age])
      options.push_back(
          {{vrm::alphabet[age / 10], vrm::alphabet[age % 10]}, tens[age / 10] + ones[age % 10]});
  }
  keep_best(options, count);
  return options;
}

// The best `count` texts over evidence[first, first + positions.size()) with the characters that `positions`
// allow. Exact: places are independent, so no text among the best count has at a place what is not among the
// best count there.
std::vector<Partial> best_texts(const Evidence& evidence, const Order& order, std::size_t first,
                                const std::vector<vrm::CharacterSet>& positions,
                                std::optional<std::size_t> age, const vrm::Ages& ages, std::size_t count) {
  std::vector<Partial> partials = {Partial{}};
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const bool is_age = age && i == *age;
    const std::size_t at = first + i;
    const Options options = is_age ? ages_at(evidence[at], evidence[at + 1], ages, count)
                                   : characters_at(evidence[at], order[at], positions[i], count);
    if (is_age) ++i;
    std::vector<Partial> longer;
    longer.reserve(partials.size() * options.size());
    for (const Partial& partial : partials) {
      for (const Partial& option : options)
        longer.push_back({partial.text + option.text, partial.log_score + option.log_score});
    }
    keep_best(longer, count);
    partials = std::move(longer);
  }
  return partials;
}

// The most that best_texts() can give: every place at its best, an age's two digits as if any pair could be.
double best_possible(const Evidence& evidence, const Order& order, std::size_t first,
                     const std::vector<vrm::CharacterSet>& positions) {
  double sum = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto& characters = order[first + i];
    const auto best = std::find_if(characters.begin(), characters.end(),
                                   [&](std::size_t c) { return positions[i].test(c); });
    sum += best == characters.end() ? -1e9 : evidence[first + i][*best];
  }
  return sum;
}

// The scores of the best few different texts so far: what cannot come among them needs no look.
class Leaders {
 public:
  explicit Leaders(std::size_t count) : count_(count) {}
  void add(const std::string& text, double score) {
    const auto same = std::find_if(leaders_.begin(), leaders_.end(),
                                   [&](const Partial& leader) { return leader.text == text; });
    if (same == leaders_.end()) {
      leaders_.push_back({text, score});
    } else {
      same->log_score = std::max(same->log_score, score);
    }
    keep_best(leaders_, count_);
  }
  [[nodiscard]] bool can_join(double score) const {
    return leaders_.size() < count_ || score >= leaders_.back().log_score;
  }

 private:
  std::size_t count_;
  std::vector<Partial> leaders_;
};

std::string_view form_of(const VrmSyntax::Tables& tables, const vrm::Ages& ages, std::string_view text) {
  const Pattern* likeliest = nullptr;
  for (const Pattern& pattern : tables.patterns) {
    if (!fits(pattern, ages, text)) continue;
    if (likeliest == nullptr || ages.prior_of(pattern) > ages.prior_of(*likeliest)) likeliest = &pattern;
  }
  return likeliest == nullptr ? std::string_view("unknown") : std::string_view(tables.forms[likeliest->form]);
}

}  // namespace

VrmSyntax::VrmSyntax(std::unique_ptr<const Tables> tables) : tables_(std::move(tables)) {}
VrmSyntax::VrmSyntax(VrmSyntax&&) noexcept = default;
VrmSyntax& VrmSyntax::operator=(VrmSyntax&&) noexcept = default;
VrmSyntax::~VrmSyntax() = default;

Result<VrmSyntax> VrmSyntax::load(const std::filesystem::path& file) {
  Result<Tables> tables = vrm::read_tables(file);
  if (!tables) return fail(tables.error().context("reading the VRM syntax"));
  return VrmSyntax(std::make_unique<const Tables>(std::move(*tables)));
}

std::vector<VrmSyntax::Hypothesis> VrmSyntax::rank(const std::vector<CharacterPosition>& positions,
                                                   std::size_t count, UtcTime at) const {
  const std::optional<Evidence> evidence = evidence_of(positions, *tables_);
  if (!evidence || evidence->empty() || count == 0) return {};
  const Order order = order_of(*evidence);
  const std::size_t n = evidence->size();
  const vrm::Ages ages(at);
  std::vector<Hypothesis> ranked;
  Leaders leaders(count);
  const auto add = [&](std::vector<Partial> texts, const std::string& format, double log_prior,
                       std::size_t first) {
    for (Partial& text : texts) {
      leaders.add(text.text, text.log_score + log_prior);
      ranked.push_back({std::move(text.text), format, text.log_score + log_prior, first});
    }
  };

  const std::vector<vrm::CharacterSet> anything(n, vrm::CharacterSet().set());
  add(best_texts(*evidence, order, 0, anything, std::nullopt, ages, count), "unknown", tables_->log_unknown,
      0);
  for (const Pattern& pattern : tables_->patterns) {
    const std::size_t length = pattern.positions.size();
    if (length > n || n - length > 2 || (length < n && length < shortest_without_ends)) continue;
    const std::size_t left_out = n - length;
    // One position too many may stand at either end; of two, one stands at each.
    const double prior = ages.prior_of(pattern) - static_cast<double>(left_out) * tables_->junk_cost;
    for (std::size_t first = left_out / 2; first <= (left_out + 1) / 2; ++first) {
      if (!leaders.can_join(best_possible(*evidence, order, first, pattern.positions) + prior)) continue;
      add(best_texts(*evidence, order, first, pattern.positions, pattern.age, ages, count),
          tables_->forms[pattern.form], prior, first);
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.log_score > b.log_score; });
  std::vector<Hypothesis> best;
  for (Hypothesis& hypothesis : ranked) {
    if (best.size() == count) break;
    const bool repeated =
        std::any_of(best.begin(), best.end(), [&](const Hypothesis& b) { return b.vrm == hypothesis.vrm; });
    if (repeated) continue;
    // A short mark of a rare form is likelier to be anything else, and still has that form.
    hypothesis.format = form_of(*tables_, ages, hypothesis.vrm);
    best.push_back(std::move(hypothesis));
  }
  return best;
}

std::string_view VrmSyntax::format_of(std::string_view vrm, UtcTime at) const {
  return form_of(*tables_, vrm::Ages(at), vrm);
}

}  // namespace wayside
