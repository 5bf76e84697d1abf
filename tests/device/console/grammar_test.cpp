// What lines mean, what they may be shortened to, and what is said of wrong ones.
#include "src/device/console/grammar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/device/console/key_filter.hpp"
#include "src/device/console/tokens.hpp"
#include "tests/doubles/console_services.hpp"

namespace wayside::console {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Grammar : public testing::Test {
 protected:
  Result<Resolved> line(std::string_view text) const { return resolve(tree_, text, who_); }
  std::string error(std::string_view text) const {
    const Result<Resolved> resolved = line(text);
    return resolved ? "it is taken" : resolved.error().message;
  }
  doubles::MemoryConfiguration configuration_;
  Node tree_ = command_tree(configuration_.keys());
  Who who_{ConsoleRole::installer, Mode::configure};
};

std::vector<std::string> words_of(std::string_view line) {
  const Result<Tokens> tokens = tokenise(line);
  std::vector<std::string> words;
  if (!tokens) return {tokens.error().message};
  for (const Token& token : tokens->words)
    words.push_back(token.text);
  return words;
}

TEST(Tokens, AreWordsQuotedTextsAndBars) {
  EXPECT_THAT(words_of("  set\tsite name \"A14  J31\"  "), ElementsAre("set", "site", "name", "A14  J31"));
  EXPECT_THAT(words_of("show|compare"), ElementsAre("show", "|", "compare"));
  EXPECT_THAT(words_of(R"("a\"\\b" "Ll\u0177n" "")"), ElementsAre("a\"\\b", "Ll\u0177n", ""));
}

TEST(Tokens, NameTheColumnOfWhatIsWrong) {
  EXPECT_THAT(words_of("set \"a"), ElementsAre(HasSubstr("column 5: this quote is not closed")));
  EXPECT_THAT(words_of("set a\"b"), ElementsAre(HasSubstr("column 6: a quote within a word")));
  EXPECT_THAT(words_of("set \"a\"b"), ElementsAre(HasSubstr("column 8: a blank is expected")));
  EXPECT_THAT(words_of("x \"\\q\""), ElementsAre(HasSubstr("column 4: \\\" \\\\ \\uXXXX")));
  EXPECT_THAT(words_of("x \"\\u001b[2J\""), ElementsAre(HasSubstr("control character")));
  EXPECT_THAT(words_of("x \x1b[2J"), ElementsAre(HasSubstr("noise on the line")));
  EXPECT_THAT(words_of("x \xff"), ElementsAre(HasSubstr("noise on the line")));
  EXPECT_THAT(words_of("x \xc2\x9b"), ElementsAre(HasSubstr("noise on the line")));
  EXPECT_THAT(words_of(std::string("x \0y", 4)), ElementsAre(HasSubstr("noise on the line")));
}

TEST_F(Grammar, WordsAreShortenedAsLongAsOneBeginsSo) {
  const auto resolved = line("sh conf si");
  ASSERT_TRUE(resolved) << resolved.error().message;
  EXPECT_EQ(resolved->command, Command::show_running);
  EXPECT_THAT(resolved->words, ElementsAre("show", "configuration", "site"));
  EXPECT_THAT(error("s"), HasSubstr("\"s\" may be show, set, save, snapshot: type more of it"));
  // A word that begins another is itself.
  EXPECT_EQ(line("set queue directory /q")->command, Command::set);
}

TEST_F(Grammar, AQuotedWordIsNoAbbreviation) {
  EXPECT_THAT(error("\"sh\" version"), HasSubstr("\"sh\" is no word that may stand there"));
  EXPECT_EQ(line("set site name \"show\"")->words.back(), "show");
  EXPECT_EQ(line("set log level \"debug\"")->words.back(), "debug");
}

TEST_F(Grammar, ErrorsNameTheWordTheFormAndWhatToDo) {
  EXPECT_THAT(error("shwo version"), HasSubstr("did you mean \"show\"?"));
  EXPECT_THAT(error("commit confirmed 5000"),
              HasSubstr("\"5000\" behind \"commit confirmed\" is not a whole number from 1 to 1440 minutes"));
  EXPECT_THAT(error("set site"), HasSubstr("\"set site\" goes on with one of name, feed_id"));
  EXPECT_THAT(error("set log level loud"), HasSubstr("\"loud\" behind \"set log level\""));
  EXPECT_THAT(error("exit now"), HasSubstr("\"now\" behind \"exit\" is too much"));
  EXPECT_THAT(error("set site name A14 J31"), HasSubstr("put a value that holds blanks in quotes"));
  EXPECT_THAT(error("commit confirmed"), HasSubstr("goes on with a whole number from 1 to 1440 minutes"));
}

TEST_F(Grammar, RolesDecideWhatThereIs) {
  who_ = {ConsoleRole::auditor, Mode::operational};
  EXPECT_THAT(error("configure"), HasSubstr("is no word that may stand there"));
  EXPECT_EQ(line("audit verify")->command, Command::audit_verify);
  EXPECT_FALSE(line("commissioning view forget"));
  EXPECT_THAT(help_for(tree_, "", who_), Not(HasSubstr("configure")));
  who_.role = ConsoleRole::operator_;
  EXPECT_EQ(line("aim")->command, Command::aim);
  for (const char* const command : {"configure", "audit show", "account add x operator", "wipe", "confirm",
                                    "authority load", "account password alice", "show accounts",
                                    "update check", "update install", "commissioning view forget"})
    EXPECT_FALSE(line(command)) << command;
  EXPECT_EQ(line("account password")->command, Command::change_password);
  EXPECT_EQ(line("update show")->command, Command::show_from_camera);
  who_.role = ConsoleRole::auditor;
  EXPECT_FALSE(line("update show"));
  who_.role = ConsoleRole::installer;
  EXPECT_EQ(line("update check")->command, Command::check_update);
  EXPECT_EQ(line("update install")->command, Command::install_update);
  EXPECT_EQ(line("commissioning view forget")->command, Command::forget_view);
}

TEST_F(Grammar, AWordOfTheOtherModeSaysHowToGetThere) {
  who_.mode = Mode::operational;
  EXPECT_THAT(error("set site name x"), HasSubstr("type \"configure\" first"));
  who_.mode = Mode::configure;
  EXPECT_THAT(error("reboot"), HasSubstr("type \"exit\" first"));
}

TEST_F(Grammar, EveryWordHasHelpAndEveryValueItsForm) {
  std::function<void(const Node&, const std::string&)> look = [&](const Node& node, const std::string& path) {
    for (const Node& next : node.next) {
      const std::string here = path + " " + next.word;
      if (next.is_value) {
        EXPECT_FALSE(next.form.empty()) << here;
      } else if (node.next.front().command != Command::set) {
        EXPECT_FALSE(next.help.empty()) << here;
      }
      EXPECT_TRUE(next.command != Command::none || !next.next.empty()) << here;
      look(next, here);
    }
  };
  look(tree_, "");
}

TEST_F(Grammar, HelpShowsTypesRangesUnitsAndDefaults) {
  const std::string help = help_for(tree_, "set capture ring_frames ", who_);
  EXPECT_THAT(help, HasSubstr("<VALUE>"));
  EXPECT_THAT(help, HasSubstr("a whole number from 1 to 64 frames. Default 8"));
  EXPECT_THAT(help_for(tree_, "set capture r", who_), HasSubstr("Frames that wait for the localiser"));
  EXPECT_THAT(help_for(tree_, "commit ", who_), HasSubstr("<Enter>"));
  EXPECT_THAT(help_for(tree_, "set nonsense ", who_), HasSubstr("\"nonsense\" behind \"set\" is no word"));
  EXPECT_THAT(help_for(tree_, "zz", who_), HasSubstr("No word begins so here"));
  for (const std::string_view at : {"", "show ", "set ", "set camera ", "set upload "}) {
    std::string text = help_for(tree_, at, who_);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      EXPECT_LE(end - begin, 80U) << text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

TEST_F(Grammar, TabCompletesAsFarAsItIsSure) {
  EXPECT_EQ(complete(tree_, "sh", who_).added, "ow ");
  EXPECT_EQ(complete(tree_, "set si", who_).added, "te ");
  EXPECT_EQ(complete(tree_, "set site n", who_).added, "ame ");
  EXPECT_EQ(complete(tree_, "set log level d", who_).added, "ebug ");
  EXPECT_EQ(complete(tree_, "show con", who_).added, "figuration ");
  EXPECT_EQ(complete(tree_, "set board do", who_).added, "or_");
  EXPECT_THAT(complete(tree_, "set board door_", who_).choices,
              ElementsAre("door_chip", "door_line", "door_open"));
  EXPECT_EQ(complete(tree_, "set nonsense x", who_).added, "");
  EXPECT_EQ(complete(tree_, "set site name \"sh", who_).added, "");
}

TEST_F(Grammar, EveryLineOfBytesHasAnAnswer) {
  for (int a = 0; a < 256; ++a) {
    for (const std::string& text :
         {std::string(1, static_cast<char>(a)), "set site name " + std::string(1, static_cast<char>(a))}) {
      const Result<Resolved> resolved = line(text);
      EXPECT_TRUE(resolved || !resolved.error().message.empty());
      EXPECT_FALSE(help_for(tree_, text, who_).empty());
      static_cast<void>(complete(tree_, text, who_));
    }
  }
}

TEST(KeyFilter, LetsAnEditorHaveTextAndItsOwnKeysOnly) {
  KeyFilter filter;
  const auto through = [&](std::string_view bytes) {
    std::wstring out;
    for (const char c : bytes) {
      if (const auto key = filter.take(static_cast<unsigned char>(c))) out += *key;
    }
    return out;
  };
  EXPECT_EQ(through("a\xc5\xb7z"), L"a\u0177z");
  EXPECT_EQ(through("\x1b[A\x1bOB\x1b[3~\x1b[1;5Cx"), std::wstring(L"\x10\x0e\x04\x06x"));
  EXPECT_EQ(through("\x1bx\x1b:y"), L"y");              // what an editor would take for a command of its own
  EXPECT_EQ(through("\x1a\x16\x13\x11\x12\x18"), L"");  // stop, quote, XON, XOFF, search, prefix
  EXPECT_EQ(through("\xc2\x9b\xff\xc0\xaf\xed\xa0\x80"), L"");
  EXPECT_EQ(through("\x1b[\n"), L"\n");
  EXPECT_EQ(through("\x1b[99999999999999999999A"), L"9999A");
}

}  // namespace
}  // namespace wayside::console
