// labgpu build: a user's own image, from ~/.labgpu/Dockerfile.
#include <iostream>
#include <memory>

#include "cli/container_view.h"
#include "cli/shared_commands.h"
#include "cli/table.h"
#include "common/byte_size.h"

namespace labgpu {

namespace {

using nlohmann::json;

// The build's words, whole lines at a time, without what a terminal would obey.
class LinePrinter {
 public:
  void add(const std::string& text) {
    begun_ += text;
    for (size_t end = 0; (end = begun_.find('\n')) != std::string::npos;) {
      print(begun_.substr(0, end));
      begun_.erase(0, end + 1);
    }
    std::cerr.flush();
  }
  void finish() {
    if (!begun_.empty()) print(begun_);
    begun_.clear();
  }

 private:
  static void print(std::string line) {
    if (line.ends_with('\r')) line.pop_back();
    std::cerr << printable(line) << '\n';
  }
  std::string begun_;
};

void print_built(const std::string& name, const json& built) {
  auto user = name.empty() ? built.at("container").at("user").get<std::string>() : name;
  std::cout << printable(user) << ": built " << printable(built.at("image").get<std::string>())
            << ", " << byte_size(built.at("bytes").get<uint64_t>()).c_str()
            << "; containers are made from it from now on\n";
  if (!built.contains("container")) return;
  print_differences(built.at("container"));
  if (built.at("container").value("needsRebuild", json::array()).empty()) return;
  std::cout << "to have it in the container: labgpu rebuild" << (name.empty() ? "" : " ") << name
            << '\n';
}

Result<void> build(const CommandLine& line, const std::string& name) {
  json parameters = json::object();
  if (!name.empty()) parameters["name"] = name;
  LinePrinter printer;
  auto reply = call_helper(line, "Build", parameters, kCallTimeout, [&printer](const json& told) {
    printer.add(told.value("output", std::string()));
  });
  printer.finish();
  return show_reply(line, reply, [&name](const json& built) { print_built(name, built); });
}

}  // namespace

void add_build_command(CLI::App& app, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  auto* command =
      add_query(app, line, "build", "Build an account's image from its ~/.labgpu/Dockerfile");
  add_name(*command, line, *name, WithoutName::kIsOwn);
  command->callback([&line, name] { line.command = [&line, name] { return build(line, *name); }; });
}

}  // namespace labgpu
