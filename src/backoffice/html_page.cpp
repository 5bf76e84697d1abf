#include "src/backoffice/html_page.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "wayside/base/html_text.hpp"

namespace wayside::backoffice {

namespace {

constexpr std::string_view style = R"css(
:root { --ink: #16202a; --soft: #5b6875; --line: #dde3e8; --paper: #f4f6f8; --card: #fff; --good: #1b7f4d; --doubt: #b26a00; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans",
  "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 1320px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
h1 { margin: 0; font-size: 28px; font-weight: 650; letter-spacing: -.01em; }
.where { margin: 4px 0 0; color: var(--soft); overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 24px 0 28px; padding: 18px 0; border: solid var(--line);
  border-width: 1px 0; }
.facts div { min-width: 90px; }
.facts dt, .details dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 2px 0 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts .time { font-size: 16px; line-height: 28px; }
.passes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 370px), 1fr)); gap: 22px; margin: 0;
  padding: 0; list-style: none; }
.pass { display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  overflow: hidden; break-inside: avoid; box-shadow: 0 1px 2px rgb(22 32 42 / 6%); }
.overview { display: block; width: 100%; aspect-ratio: 16 / 9; object-fit: contain; background: #1d242b; }
.none { display: grid; place-items: center; color: #aeb8c2; font-size: 14px; }
.body { padding: 16px 18px 18px; }
.when { display: flex; justify-content: space-between; gap: 12px; color: var(--soft); font-size: 14px;
  font-variant-numeric: tabular-nums; }
.reads { display: flex; align-items: center; justify-content: space-between; gap: 14px; margin: 12px 0 14px; }
.plate { display: inline-block; padding: 6px 13px 7px; border: 2px solid #1a1a1a; border-radius: 7px; background: #fff;
  color: #111; font: 700 27px/1.15 "Charles Wright", "Roboto Condensed", "Arial Narrow", "Liberation Sans Narrow",
  "DejaVu Sans Condensed", sans-serif; letter-spacing: .05em; white-space: nowrap; }
.rear { background: #fccf2d; }
.doubtful { box-shadow: inset 0 -3px var(--doubt); padding-bottom: 1px; }
.patch { display: block; width: 120px; max-height: 60px; object-fit: contain; border-radius: 4px; background: #1d242b; }
div.patch { display: grid; height: 30px; font-size: 12px; }
.details { display: grid; grid-template-columns: auto 1fr auto 1fr; gap: 5px 14px; margin: 0; align-items: baseline; }
.details dd { margin: 0; font-size: 15px; }
.details .wide { grid-column: 2 / -1; }
meter { width: 100%; height: 8px; margin: 0 0 14px; border: 0; border-radius: 4px; background: #e7ecf0; display: block; }
meter::-webkit-meter-bar { height: 8px; border: 0; border-radius: 4px; background: #e7ecf0; }
meter::-webkit-meter-optimum-value { border-radius: 4px; background: var(--good); }
meter::-webkit-meter-suboptimum-value { border-radius: 4px; background: var(--doubt); }
meter::-webkit-meter-even-less-good-value { border-radius: 4px; background: var(--doubt); }
meter::-moz-meter-bar { border-radius: 4px; background: var(--good); }
.mark { font-variant-numeric: tabular-nums; letter-spacing: .03em; }
.share { color: var(--soft); font-size: 13px; }
.nothing { padding: 60px 0; color: var(--soft); text-align: center; }
footer { padding-top: 28px; padding-bottom: 40px; color: var(--soft); font-size: 13px; }
@media (max-width: 520px) { header, main, footer { padding-left: 14px; padding-right: 14px; } .facts { gap: 12px 24px; } }
@media print { body { background: #fff; } .passes { grid-template-columns: 1fr 1fr; } }
)css";

constexpr std::string_view about_numbers =
    " Cameras number their records without a hole. A number given up is one that its camera has said it will "
    "never "
    "send; a missing one has neither arrived nor been given up. Both are counted over everything stored, not "
    "only "
    "over the passes shown here.";

// How many bytes of the text, from here on, are one control character; 0 where it is none. In UTF-8 those
// from U+0080 to U+009F have two.
std::size_t control_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
  return text.size() > 1 && byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0 ? 2 : 0;
}

// Names come from outside: besides what HTML reads as its own, control characters are shown as \u001b, so
// that none is hidden in the page or reaches the terminal of who looks at its source.
std::string escaped(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t control = control_size(text);
    if (control == 0) {
      shown += text.front();
      text.remove_prefix(1);
    } else {
      shown += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[control - 1]));
      text.remove_prefix(control);
    }
  }
  return html_escape(shown);
}

std::string data_uri(const Bytes& jpeg) {
  std::string base64(4 * ((jpeg.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), jpeg.data(),
                                   static_cast<int>(jpeg.size()));
  base64.resize(static_cast<std::size_t>(size));
  return "data:image/jpeg;base64," + base64;
}

// "2026-11-22" and "17:35:40.123" of 2026-11-22T17:35:40.123Z.
std::string date_of(UtcTime time) {
  return to_iso8601(time).substr(0, 10);
}
std::string clock_of(UtcTime time) {
  return to_iso8601(time).substr(11, 12);
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

// Where a plate of this style has its gap; 0 where it has none that is known.
std::size_t gap_after(const PassSummary& pass) {
  const std::size_t size = pass.vrm.size();
  if ((pass.format == "current" || pass.format == "prefix") && size > 3) return size - 3;
  if (pass.format == "suffix" && size > 3) return 3;
  return 0;
}

// Front plates are white, rear ones yellow; a character the camera is less than 90 % sure of is marked.
std::string plate(const PassSummary& pass) {
  constexpr double doubtful_below = 0.9;
  const std::size_t gap = gap_after(pass);
  std::string text;
  for (std::size_t i = 0; i < pass.vrm.size(); ++i) {
    if (gap != 0 && i == gap) text += "&#8201;&#8201;";
    const std::string character = escaped(std::string_view(pass.vrm).substr(i, 1));
    const bool doubtful = i < pass.characters.size() && pass.characters[i].confidence < doubtful_below;
    text += doubtful ? fmt::format(R"(<span class="doubtful" title="{}">{}</span>)",
                                   percent(pass.characters[i].confidence), character)
                     : character;
  }
  return fmt::format(R"(<span class="plate{}" role="img" aria-label="{}">{}</span>)",
                     pass.direction == "away" ? " rear" : "", escaped(pass.vrm), text);
}

std::string picture(std::string_view css, const std::optional<StoredPart>& part, const std::string& alt) {
  if (!part) return fmt::format(R"(<div class="{} none">not received</div>)", css);
  return fmt::format(R"(<img class="{}" loading="lazy" alt="{}" src="{}">)", css, escaped(alt),
                     data_uri(part->bytes));
}

std::string alternatives(const PassSummary& pass) {
  std::string text;
  for (const PassSummary::Reading& other : pass.alternatives) {
    text += fmt::format(R"({}<span class="mark">{}</span> <span class="share">{}</span>)",
                        text.empty() ? "" : ", ", escaped(other.text), percent(other.confidence));
  }
  return text.empty() ? "none" : text;
}

std::string hits(const PassSummary& pass) {
  std::string text;
  for (const PassSummary::Hit& hit : pass.hits) {
    text += fmt::format(R"({}<span class="mark">{}</span> {} {} {} <span class="share">{}, {}</span>)",
                        text.empty() ? "" : "<br>", escaped(hit.vrm), escaped(hit.list), hit.revision,
                        escaped(hit.pnc_id), escaped(hit.match), percent(hit.probability));
  }
  return text.empty() ? text
                      : fmt::format(R"(<dt>Hits</dt><dd class="wide">{}</dd>)"
                                    "\n",
                                    text);
}

std::string_view direction_words(const PassSummary& pass) {
  if (pass.direction == "towards") return "&#8595; towards";
  if (pass.direction == "away") return "&#8593; away";
  return "unknown";
}

std::string fact(std::string_view name, const std::string& value, std::string_view css = {}) {
  return fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>\n", name,
                     css.empty() ? std::string{} : fmt::format(R"( class="{}")", css), value);
}

std::string note_of(const PassSummary& pass) {
  if (pass.redated_from) {
    return fmt::format("<span>re-dated: the camera said {} {}</span>", date_of(*pass.redated_from),
                       clock_of(*pass.redated_from));
  }
  return pass.clock_unsure ? "<span>the camera's clock was not synchronised</span>" : "";
}

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

void HtmlPage::add(const StoredRecord& record, const PassSummary& pass) {
  first_ = cards_.empty() ? pass.captured_at : std::min(first_, pass.captured_at);
  last_ = cards_.empty() ? pass.captured_at : std::max(last_, pass.captured_at);
  sites_.insert(pass.site);
  cameras_.insert(record.id.device_id);
  cards_ += fmt::format(
      R"(<li><article class="pass">
{overview}
<div class="body">
<div class="when"><time datetime="{iso}">{date} &nbsp;{clock} UTC</time>{note}<span title="record number">No. {number}</span></div>
<div class="reads">{plate}{patch}</div>
<meter min="0" max="1" low="0.5" high="0.9" optimum="1" value="{confidence:.4f}" aria-label="confidence">{percent}</meter>
<dl class="details">
<dt>Confidence</dt><dd>{percent}</dd><dt>Direction</dt><dd>{direction}</dd>
<dt>Lane</dt><dd>{lane}</dd><dt>Format</dt><dd>{format}</dd>
<dt>Alternatives</dt><dd class="wide">{alternatives}</dd>
{hits}</dl>
</div>
</article></li>
)",
      fmt::arg("overview", picture("overview", record.overview,
                                   "Overview of the road with the vehicle read as " + pass.vrm)),
      fmt::arg("iso", to_iso8601(pass.captured_at)), fmt::arg("date", date_of(pass.captured_at)),
      fmt::arg("clock", clock_of(pass.captured_at)), fmt::arg("number", record.id.number),
      fmt::arg("note", note_of(pass)), fmt::arg("plate", plate(pass)),
      fmt::arg("patch", picture("patch", record.plate, "Number plate read as " + pass.vrm)),
      fmt::arg("confidence", pass.confidence), fmt::arg("percent", percent(pass.confidence)),
      fmt::arg("direction", direction_words(pass)),
      fmt::arg("lane", pass.lane ? std::to_string(*pass.lane) : "none"),
      fmt::arg("format", escaped(pass.format)), fmt::arg("alternatives", alternatives(pass)),
      fmt::arg("hits", hits(pass)));
}

std::string HtmlPage::finish(const ExportCounts& counts, const CoverageTotals& numbers,
                             UtcTime made_at) const {
  std::string facts = fact("Passes", std::to_string(counts.records)) +
                      fact("With both pictures", std::to_string(counts.records - counts.incomplete)) +
                      fact("Cameras", std::to_string(cameras_.size()));
  if (counts.records > 0) {
    const std::string from = fmt::format("{} {}", date_of(first_), clock_of(first_));
    const std::string to = fmt::format("{} {}", date_of(last_), clock_of(last_));
    facts += fact("First pass (UTC)", from, "time") + fact("Last pass (UTC)", to, "time");
  }
  if (counts.damaged > 0) facts += fact("Left out as damaged", std::to_string(counts.damaged));
  if (numbers.given_up > 0) facts += fact("Numbers given up", std::to_string(numbers.given_up));
  if (numbers.missing > 0) facts += fact("Numbers missing", std::to_string(numbers.missing));
  const bool incomplete = numbers.given_up > 0 || numbers.missing > 0;
  const std::string sites = escaped(joined(sites_));
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Passes{title_sites}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>Vehicle passes</h1>
<p class="where">{sites}</p>
<dl class="facts">
{facts}</dl>
</header>
<main>
{passes}
</main>
<footer>Made {made} by wayside-backoffice. Confidence is the camera's own estimate that every character is right; a character
it is less than 90 % sure of is underlined. A read is no proof: look at the pictures before acting on it.{gaps}</footer>
</body>
</html>
)",
      fmt::arg("title_sites", sites.empty() ? "" : ": " + sites), fmt::arg("style", style),
      fmt::arg("sites", sites), fmt::arg("facts", facts),
      fmt::arg("passes", cards_.empty() ? R"(<p class="nothing">No pass has been recorded.</p>)"
                                        : "<ol class=\"passes\">\n" + cards_ + "</ol>"),
      fmt::arg("made", to_iso8601(made_at)), fmt::arg("gaps", incomplete ? about_numbers : ""));
}

}  // namespace wayside::backoffice
