// Public keys as a table for people.
#include "cli/key_view.h"

#include <iostream>

#include "cli/table.h"

namespace labgpu {

void print_keys(const nlohmann::json& keys) {
  Table table({"FINGERPRINT", "TYPE", "COMMENT"});
  for (const auto& key : keys) {
    table.add({key.at("fingerprint"), key.at("type"), key.at("comment")});
  }
  std::cout << table.render();
}

}  // namespace labgpu
