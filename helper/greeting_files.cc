// Loads the texts for logins.
#include "helper/greeting_files.h"

#include "helper/build_info.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

GreetingTemplate load(const std::string& path, const GreetingTemplate& built_in,
                      const GreetingTemplate& otherwise, std::vector<Error>& mistakes) {
  auto text = read_file(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return built_in;
  if (!text) {
    mistakes.push_back(text.error());
    return otherwise;
  }
  auto parsed = GreetingTemplate::parse(*text);
  if (parsed) return *parsed;
  mistakes.push_back(wrap(path, parsed.error()).value());
  return otherwise;
}

}  // namespace

const GreetingTemplates& built_in_greetings() {
  static const GreetingTemplates built_in{GreetingTemplate::parse(kEnglishGreeting).value(),
                                          GreetingTemplate::parse(kChineseGreeting).value()};
  return built_in;
}

LoadedGreetings load_greetings(const std::string& directory, const GreetingTemplates& otherwise) {
  const auto& built_in = built_in_greetings();
  LoadedGreetings loaded;
  loaded.templates.english =
      load(directory + "/greeting", built_in.english, otherwise.english, loaded.mistakes);
  loaded.templates.chinese =
      load(directory + "/greeting.zh", built_in.chinese, otherwise.chinese, loaded.mistakes);
  return loaded;
}

}  // namespace labgpu
