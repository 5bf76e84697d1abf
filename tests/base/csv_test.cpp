#include "wayside/base/csv.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

using Fields = std::vector<std::string>;

std::string message_of(std::string_view text, const Fields& required = {"a", "b"},
                       const Fields& optional = {}) {
  const auto table = parse_csv(text, "t.csv", required, optional);
  return table ? "no error" : table.error().message;
}

TEST(Csv, ReadsFieldsWithBothLineEndsAndNoneAtTheEnd) {
  const auto table = parse_csv("a,b\r\n1,2\n\n3,\r\n,4", "t.csv", {"a", "b"});
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->rows.size(), 3U);
  EXPECT_EQ(table->rows[0].fields, (Fields{"1", "2"}));
  EXPECT_EQ(table->rows[1].fields, (Fields{"3", ""}));
  EXPECT_EQ(table->rows[1].line, 4U);
  EXPECT_EQ(table->rows[2].fields, (Fields{"", "4"}));
}

TEST(Csv, QuotesHoldCommasQuotesAndLines) {
  const auto table = parse_csv("a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\nlast,1\n", "t.csv", {"a", "b"});
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_EQ(table->rows[0].fields, (Fields{"x,\"y\"", "two\nlines"}));
  EXPECT_EQ(table->rows[1].line, 4U);
}

TEST(Csv, TakesByteOrderMarkEmptyLastFieldAndHeaderAlone) {
  const auto table = parse_csv(
      "\xEF\xBB\xBF"
      "b,a\n1,",
      "t.csv", {"a", "b"});
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->column("a"), 1U);
  EXPECT_EQ(table->column("c"), std::nullopt);
  EXPECT_EQ(table->rows.at(0).fields, (Fields{"1", ""}));
  EXPECT_TRUE(parse_csv("a,b", "t.csv", {"a", "b"})->rows.empty());
}

TEST(Csv, RowsCanBeTakenOneByOne) {
  std::vector<std::size_t> lines;
  const Status read = read_csv("b,a\n1,2\n\n3,4\n5\n", "t.csv", {"a", "b"}, {},
                               [&](const CsvTable& header, const CsvRow& row) {
                                 EXPECT_EQ(header.column("a"), 1U);
                                 lines.push_back(row.line);
                               });
  EXPECT_EQ(lines, (std::vector<std::size_t>{2, 4}));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "t.csv, line 5: 1 fields; expected 2, as in the header: b,a");
}

TEST(Csv, ErrorsNameFileLineAndExpectedForm) {
  EXPECT_EQ(message_of(""), "t.csv is empty; expected a header line: a,b");
  EXPECT_EQ(message_of("\n \n"),
            "t.csv, line 2: unknown column \" \", did you mean a?; expected columns: a,b");
  EXPECT_EQ(message_of("a\n"), "t.csv, line 1: column b is missing; expected columns: a,b");
  EXPECT_EQ(message_of("a,b,a\n"), "t.csv, line 1: column a stands there twice; expected columns: a,b");
  EXPECT_EQ(message_of("a,b\n1,2\n1,2,3\n"), "t.csv, line 3: 3 fields; expected 2, as in the header: a,b");
  EXPECT_EQ(message_of("a,b\n1,\"2\n3,4\n"), "t.csv, line 2: a quote is opened and never closed");
  EXPECT_EQ(message_of("a,b\n\"1\"x,2\n"),
            "t.csv, line 2: after a closing quote there must be a comma or the line's end");
  EXPECT_EQ(message_of("a,b\n1\"x,2\n"),
            "t.csv, line 2: a quote stands inside a field; put the whole field in quotes");
}

TEST(Csv, UnknownColumnNamesTheNearestKnownOne) {
  EXPECT_EQ(message_of("file,txt\n", {"file", "text"}, {"tags"}),
            "t.csv, line 1: unknown column \"txt\", did you mean text?; expected columns: file,text,tags");
}

TEST(Csv, ErrorAtNamesTheField) {
  const auto table = parse_csv("a,b\n1,x\n", "t.csv", {"a", "b"});
  EXPECT_EQ(table->error_at(table->rows[0], "b", "\"x\" is no number").message,
            "t.csv, line 2, column b: \"x\" is no number");
}

TEST(Csv, LoneCarriageReturnsAndNulsAreData) {
  const auto table = parse_csv(std::string("a,b\nx\ry,\0\n", 10), "t.csv", {"a", "b"});
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows.at(0).fields, (Fields{"x\ry", std::string("\0", 1)}));
}

}  // namespace
}  // namespace wayside
