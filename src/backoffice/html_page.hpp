// The passes of a selection as one HTML page that needs nothing but itself: no script, no link, no network.
//
// Threads: one a page. Everything from outside is escaped.
#pragma once

#include <set>
#include <string>

#include "wayside/backoffice/export.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

class HtmlPage {
 public:
  void add(const StoredRecord& record, const PassSummary& pass);
  [[nodiscard]] std::string finish(const ExportCounts& counts, const CoverageTotals& numbers,
                                   UtcTime made_at) const;

 private:
  std::string cards_;
  std::set<std::string> sites_;
  std::set<std::string> cameras_;
  UtcTime first_;
  UtcTime last_;
};

}  // namespace wayside::backoffice
