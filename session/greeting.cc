// Asks for the greeting and writes it.
#include "session/greeting.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/hush_login.h"
#include "common/parse.h"
#include "session/helper_request.h"

namespace labgpu {

namespace {

// Twice what the helper takes at most, for a machine under load.
constexpr uint32_t kPatienceMs = 400;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// "UTF-8", "utf8": glibc compares codesets without case and punctuation.
bool is_utf8(std::string_view codeset) {
  constexpr std::string_view kName = "utf8";
  size_t found = 0;
  for (char c : codeset) {
    if (c == '-') continue;
    if (found == kName.size() || lower(c) != kName[found]) return false;
    ++found;
  }
  return found == kName.size();
}

int ask(GreetingLanguage language, std::span<unsigned char> buffer, Greeting& out) {
  Deadline deadline = Deadline::after_ms(kPatienceMs);
  UniqueFd helper;
  Packet packet;
  Failure failure;
  Hello hello;
  Greet greet{.language = static_cast<uint8_t>(language)};
  int error = send_request(greet, deadline, helper);
  if (error == 0) error = receive_message(helper.get(), buffer, packet, hello, failure, deadline);
  if (error == 0) error = receive_message(helper.get(), buffer, packet, out, failure, deadline);
  return error;
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

// locale(7): language[_territory][.codeset][@modifier].
GreetingLanguage greeting_language(const char* lc_all, const char* lc_messages, const char* lang) {
  std::string_view locale;
  for (const char* value : {lc_all, lc_messages, lang}) {
    if (locale.empty() && value != nullptr) locale = value;
  }
  locale = take_until(locale, '@');
  std::string_view place = take_until(locale, '.');
  if (!is_utf8(locale)) return GreetingLanguage::kAsciiEnglish;
  std::string_view language = take_until(place, '_');
  return language == std::string_view("zh") ? GreetingLanguage::kChinese
                                            : GreetingLanguage::kEnglish;
}

void show_greeting(std::span<unsigned char> buffer) {
  if (wants_quiet_login(getenv("HOME"))) return;
  Greeting greeting;
  auto language = greeting_language(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"));
  if (ask(language, buffer, greeting) == 0) write_all(greeting.text);
}

}  // namespace labgpu
