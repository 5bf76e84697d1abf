#include "wayside/base/html_text.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

TEST(HtmlText, NeitherTagsNorQuotesGetThrough) {
  EXPECT_EQ(html_escape("<a href=\"x\">Tom & 'Jo'</a>"),
            "&lt;a href=&quot;x&quot;&gt;Tom &amp; &#39;Jo&#39;&lt;/a&gt;");
  EXPECT_EQ(html_escape("AB12 CDE"), "AB12 CDE");
}

}  // namespace
}  // namespace wayside
