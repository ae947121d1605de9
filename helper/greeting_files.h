// The administrator's texts for logins, beside labgpu.json: `greeting`, and `greeting.zh` in
// Chinese.
#pragma once

#include <string>
#include <vector>

#include "helper/error.h"
#include "helper/greeting_template.h"

namespace labgpu {

struct GreetingTemplates {
  GreetingTemplate english;
  GreetingTemplate chinese;
};

// What the package installs as these files.
const GreetingTemplates& built_in_greetings();

struct LoadedGreetings {
  GreetingTemplates templates;
  std::vector<Error> mistakes;  // each names its file, and the line
};

// A file that is not there is the built-in text; one that is wrong is `otherwise`, and a mistake.
LoadedGreetings load_greetings(const std::string& directory, const GreetingTemplates& otherwise);

}  // namespace labgpu
