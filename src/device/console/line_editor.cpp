#include "src/device/console/line_editor.hpp"

#include <array>
#include <cstdio>

#include <histedit.h>
#include <unistd.h>

#include "wayside/device/console/printable.hpp"

#include "src/device/console/key_filter.hpp"
#include "src/device/console/paging.hpp"
#include "src/device/console/tokens.hpp"
#include "src/device/console/utf8.hpp"

namespace wayside::console {

namespace {

std::string utf8_from(const wchar_t* begin, const wchar_t* end) {
  std::string text;
  for (; begin != end; ++begin)
    append_utf8(text, static_cast<char32_t>(*begin));
  return text;
}

std::wstring wide_from(std::string_view text) {
  std::wstring wide;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8_at(text, at);
    if (character.length == 0) break;
    wide += static_cast<wchar_t>(character.point);
    at += character.length;
  }
  return wide;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

File file_of(int descriptor, const char* mode) {
  const int own = ::dup(descriptor);
  if (own < 0) return nullptr;
  File file(::fdopen(own, mode));
  if (!file) ::close(own);
  return file;
}

class Libedit final : public LineEditor {
 public:
  Libedit(ByteInput& input, Terminal& terminal) : input_(input), terminal_(terminal) {}
  Libedit(const Libedit&) = delete;
  Libedit& operator=(const Libedit&) = delete;
  ~Libedit() override {
    if (history_ != nullptr) ::history_wend(history_);
    if (line_ != nullptr) ::el_end(line_);
  }

  bool begin(int descriptor, const std::string& kind) {
    in_ = file_of(descriptor, "r");
    out_ = file_of(descriptor, "w");
    if (!in_ || !out_) return false;
    line_ = ::el_init("wayside-console", in_.get(), out_.get(), out_.get());
    history_ = ::history_winit();
    if (line_ == nullptr || history_ == nullptr) return false;
    HistEventW event{};
    ::history_w(history_, &event, H_SETSIZE, 100);
    ::history_w(history_, &event, H_SETUNIQUE, 1);
    ::el_set(line_, EL_TERMINAL, kind.c_str());
    ::el_wset(line_, EL_CLIENTDATA, this);
    ::el_wset(line_, EL_SIGNAL, 0);
    ::el_wset(line_, EL_EDITOR, L"emacs");
    ::el_wset(line_, EL_GETCFN, &Libedit::next_character);
    ::el_wset(line_, EL_PROMPT, &Libedit::prompt_of);
    ::el_wset(line_, EL_HIST, ::history_w, history_);
    // Its editing mode and the one in between: neither lets the kernel echo, gather or take signals.
    ::el_set(line_, EL_SETTY, "-d", "-isig", "-icrnl", "-ixon", "-ixoff", "-iexten", nullptr);
    ::el_set(line_, EL_SETTY, "-x", "-isig", "-icrnl", "-ixon", "-ixoff", "-iexten", "-icanon", "-echo",
             nullptr);
    bind_keys();
    return true;
  }

  Typed read(const std::string& prompt, const Assistant& assistant,
             ByteInput::Clock::time_point deadline) override {
    prompt_ = wide_from(printable(prompt));
    assistant_ = &assistant;
    deadline_ = deadline;
    ended_ = Input::line;
    too_long_ = false;
    filter_.reset();
    int count = 0;
    const wchar_t* const typed = ::el_wgets(line_, &count);
    assistant_ = nullptr;
    if (ended_ != Input::line || typed == nullptr || count <= 0) {
      terminal_.write("\n");
      return {ended_ != Input::line ? ended_ : Input::cancelled, {}};
    }
    const wchar_t* end = typed + count;
    if (end[-1] == L'\n') --end;
    Typed out{Input::line, utf8_from(typed, end)};
    if (!out.text.empty()) {
      HistEventW event{};
      const std::wstring kept(typed, end);
      ::history_w(history_, &event, H_ENTER, kept.c_str());
    }
    return out;
  }

  void forget_history() override {
    HistEventW event{};
    ::history_w(history_, &event, H_CLEAR);
  }

 private:
  static Libedit& self(EditLine* line) {
    void* data = nullptr;
    ::el_wget(line, EL_CLIENTDATA, &data);
    return *static_cast<Libedit*>(data);
  }
  static int next_character(EditLine* line, wchar_t* character) { return self(line).next(*character); }
  static wchar_t* prompt_of(EditLine* line) { return self(line).prompt_.data(); }

  // -1 ends el_wgets(), and ended_ says why.
  int next(wchar_t& character) {
    while (true) {
      const ByteInput::Got got = input_.next_in_time(deadline_);
      if (got.kind == ByteInput::Kind::end) return end(Input::hang_up);
      if (got.kind == ByteInput::Kind::late) return end(Input::idle);
      if (got.kind == ByteInput::Kind::notice) return end(Input::notice);
      if (got.byte == 0) return end(Input::broken);
      if (too_long_) {
        if (got.byte == '\n') return end(Input::too_long);
        continue;
      }
      const std::optional<wchar_t> key = filter_.take(got.byte);
      if (!key) continue;
      if (*key == key_cancel) return end(Input::cancelled);
      const LineInfoW* const typed = ::el_wline(line_);
      // Where nothing is to be deleted, it would be the end of the input.
      if (*key == key_delete && typed->cursor == typed->lastchar) continue;
      if (*key != L'\n' &&
          typed->lastchar - typed->buffer >= static_cast<std::ptrdiff_t>(Terminal::longest_command)) {
        too_long_ = true;
        continue;
      }
      character = *key;
      return 1;
    }
  }
  int end(Input why) {
    ended_ = why;
    return -1;
  }

  [[nodiscard]] std::string before_cursor() const {
    const LineInfoW* const typed = ::el_wline(line_);
    return utf8_from(typed->buffer, typed->cursor);
  }

  static unsigned char help(EditLine* line, int) {
    Libedit& me = self(line);
    const std::string before = me.before_cursor();
    if (within_quotes(before)) return ::el_winsertstr(line, L"?") == 0 ? CC_REFRESH : CC_ERROR;
    me.terminal_.write("\n");
    write_paged(me.terminal_, me.assistant_->help(before));
    return CC_REDISPLAY;
  }

  static unsigned char complete(EditLine* line, int) {
    Libedit& me = self(line);
    const Assistant::Completion found = me.assistant_->complete(me.before_cursor());
    if (!found.added.empty()) {
      const std::wstring added = wide_from(found.added);
      return ::el_winsertstr(line, added.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    }
    if (found.choices.empty()) return CC_REFRESH_BEEP;
    std::string words = "  ";
    for (const std::string& choice : found.choices)
      words += choice + " ";
    me.terminal_.write("\n");
    write_paged(me.terminal_, wrapped(words, 2) + "\n");
    return CC_REDISPLAY;
  }

  void bind_keys() {
    ::el_wset(line_, EL_ADDFN, L"wayside-help", L"what may stand here", &Libedit::help);
    ::el_wset(line_, EL_ADDFN, L"wayside-complete", L"complete the word", &Libedit::complete);
    const auto bind = [&](const wchar_t* key, const wchar_t* action) {
      ::el_wset(line_, EL_BIND, key, action, nullptr);
    };
    // Letters of Latin-1 are Meta commands to it, and some of those can do anything.
    for (wchar_t letter = 0x80; letter <= 0xff; ++letter)
      bind(std::array<wchar_t, 2>{letter, 0}.data(), L"ed-insert");
    bind(L"?", L"wayside-help");
    bind(L"\t", L"wayside-complete");
    bind(L"\\^A", L"ed-move-to-beg");
    bind(L"\\^B", L"ed-prev-char");
    bind(L"\\^D", L"ed-delete-next-char");
    bind(L"\\^E", L"ed-move-to-end");
    bind(L"\\^F", L"ed-next-char");
    bind(L"\\^H", L"ed-delete-prev-char");
    bind(L"\\^?", L"ed-delete-prev-char");
    bind(L"\\^K", L"ed-kill-line");
    bind(L"\\^N", L"ed-next-history");
    bind(L"\\^P", L"ed-prev-history");
    bind(L"\\^U", L"em-kill-line");
    bind(L"\\^W", L"ed-delete-prev-word");
  }

  ByteInput& input_;
  Terminal& terminal_;
  File in_, out_;
  EditLine* line_ = nullptr;
  HistoryW* history_ = nullptr;
  KeyFilter filter_;
  std::wstring prompt_;
  const Assistant* assistant_ = nullptr;
  ByteInput::Clock::time_point deadline_{};
  Input ended_ = Input::line;
  bool too_long_ = false;
};

}  // namespace

std::unique_ptr<LineEditor> LineEditor::make(int descriptor, const std::string& kind, ByteInput& input,
                                             Terminal& terminal) {
  auto editor = std::make_unique<Libedit>(input, terminal);
  if (!editor->begin(descriptor, kind)) return nullptr;
  return editor;
}

}  // namespace wayside::console
