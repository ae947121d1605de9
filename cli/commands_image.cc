// labgpu image: what containers are made from.
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/image/bootstrap.h"
#include "cli/image/default_image.h"
#include "cli/image/recipe_build.h"
#include "cli/local_time.h"
#include "cli/status_line.h"
#include "cli/table.h"
#include "common/byte_size.h"

namespace labgpu {

namespace {

using nlohmann::json;

constexpr size_t kShortId = 12;  // as Docker shows ids

// --- list ---

std::string joined(const std::string& text, const std::string& part) {
  return text.empty() ? part : text + ", " + part;
}

std::string users_of(const json& image) {
  std::string text;
  if (image.at("isDefault").get<bool>()) text = "the default";
  for (const auto& profile : image.at("profiles")) {
    text = joined(text, "profile " + profile.get<std::string>());
  }
  for (const auto& user : image.at("users")) text = joined(text, user.get<std::string>());
  return text;
}

std::string short_id(const json& image) {
  auto id = image.at("id").get<std::string>();
  return id.substr(id.find(':') + 1).substr(0, kShortId);
}

void print_images(const json& reply) {
  Table table({"IMAGE", "ID", "SIZE", "MADE", "USED BY"});
  for (const auto& image : reply.at("images")) {
    bool there = image.contains("id");
    table.add({image.at("name"), there ? short_id(image) : "not here",
               there ? byte_size(image.at("bytes").get<uint64_t>()).c_str() : "",
               there ? local_time(image.at("createdUSec").get<uint64_t>()) : "", users_of(image)});
  }
  std::cout << table.render();
}

void add_list(CLI::App& group, CommandLine& line) {
  auto* command =
      add_query(group, line, "list", "Images that settings name, or that were made here");
  command->callback([&line] {
    line.command = [&line] {
      return show_reply(line, call_helper(line, "ListImages", json::object()), print_images);
    };
  });
}

// --- pull ---

std::string progress_text(const std::string& image, const json& progress) {
  auto bytes = progress.at("bytes").get<uint64_t>();
  auto text = image + (progress.at("unpacking").get<bool>() ? ": unpacking, " : ": fetching, ") +
              std::to_string(progress.at("layersDone").get<uint64_t>()) + " of " +
              std::to_string(progress.at("layers").get<uint64_t>()) + " layers";
  if (bytes == 0) return text;
  return text + ", " + byte_size(progress.at("bytesDone").get<uint64_t>()).c_str() + " of " +
         byte_size(bytes).c_str();
}

Result<json> pull(const CommandLine& line, const std::string& image) {
  StatusLine status;
  // Between two lines of Docker's about a large layer nothing is told.
  return call_helper(line, "PullImage", {{"image", image}}, kContainerTimeout,
                     [&](const json& told) {
                       if (told.contains("progress")) {
                         status.show(progress_text(image, told.at("progress")));
                       }
                     });
}

void add_pull(CLI::App& group, CommandLine& line) {
  auto image = std::make_shared<std::string>();
  auto* command = add_query(group, line, "pull", "Fetch an image from its registry");
  command->add_option("IMAGE", *image)->required();
  command->callback([&line, image] {
    line.command = [&line, image] {
      return show_reply(line, pull(line, *image),
                        [&image](const json&) { std::cout << printable(*image) << ": fetched\n"; });
    };
  });
}

// --- default ---

Result<void> require_image(const CommandLine& line, const std::string& image, bool may_pull) {
  auto found = call_helper(line, "ListImages", {{"image", image}});
  if (!found) return Failed(found.error());
  if (found->at("images").at(0).contains("id")) return {};
  if (!may_pull) {
    return fail("there is no image " + printable(image) +
                " on this server: fetch it with --pull, or make it with labgpu image build");
  }
  auto pulled = pull(line, image);
  if (!pulled) return Failed(pulled.error());
  return {};
}

Result<void> make_default(const CommandLine& line, const std::string& image, bool may_pull) {
  auto done = require_root();
  if (done) done = require_image(line, image, may_pull);
  if (done) done = set_default_image(image);
  if (!done) return done;
  return show_reply(line, call_helper(line, "ListImages", {{"image", image}}),
                    [&image](const json&) {
                      std::cout << printable(image)
                                << ": new containers are made from it, unless a profile or an "
                                   "account says otherwise\n";
                    });
}

void add_default(CLI::App& group, CommandLine& line) {
  struct Options {
    std::string image;
    bool pull = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = add_query(group, line, "default", "Make new containers from another image");
  command->add_option("IMAGE", options->image)->required();
  command->add_flag("--pull", options->pull, "Fetch it when it is not here");
  command->callback([&line, options] {
    line.command = [&line, options] { return make_default(line, options->image, options->pull); };
  });
}

// --- build ---

Result<void> build(const CommandLine& line, const RecipeOptions& options) {
  auto allowed = require_root();
  if (!allowed) return allowed;
  auto built = build_recipe(options);
  if (!built) return Failed(built.error());
  return show_reply(line, json{{"image", built->tag}, {"id", built->id}}, [](const json& reply) {
    std::cout << reply.at("image").get<std::string>() << ' ' << reply.at("id").get<std::string>()
              << '\n';
  });
}

void add_build(CLI::App& group, CommandLine& line) {
  auto options = std::make_shared<RecipeOptions>();
  auto* command = add_query(group, line, "build", "Make an image from a Dockerfile");
  command->add_option("PATH", options->source, "A Dockerfile, or the directory with it")
      ->required();
  command->add_option("--tag", options->tag, "The image's name; labgpu/ and the directory's name");
  command->add_option("--build-arg", options->arguments, "For the Dockerfile's ARG")
      ->type_name("KEY=VALUE");
  command->add_flag("--fresh", options->fresh, "Take nothing of earlier builds");
  command->callback(
      [&line, options] { line.command = [&line, options] { return build(line, *options); }; });
}

// --- bootstrap ---

Result<void> run_bootstrap(const BootstrapOptions& options) {
  auto allowed = require_root();
  if (!allowed) return allowed;
  return bootstrap_image(options);
}

void add_bootstrap(CLI::App& group, CommandLine& line) {
  auto options = std::make_shared<BootstrapOptions>();
  auto* command = group.add_subcommand("bootstrap", "Make a Debian image without a registry");
  auto* suite = command->add_option("--suite", options->suite, "Debian release; the server's own");
  auto* mirror = command->add_option("--mirror", options->mirror, "Debian archive; what apt uses")
                     ->type_name("URL");
  auto* security = command
                       ->add_option("--security-mirror", options->security_mirror,
                                    "Debian security archive, with --mirror")
                       ->type_name("URL")
                       ->needs(mirror);
  auto* include = command->add_option("--include", options->include, "Further packages")
                      ->type_name("PKG,...")
                      ->delimiter(',');
  command->add_option("--tag", options->tag, "The image's name")->capture_default_str();
  auto* tarball = command->add_option("--tarball", options->tarball, "Import this root file system")
                      ->type_name("FILE");
  for (auto* option : {suite, mirror, security, include}) tarball->excludes(option);
  command->callback(
      [&line, options] { line.command = [options] { return run_bootstrap(*options); }; });
}

}  // namespace

void add_image_commands(CLI::App& app, CommandLine& line) {
  auto* group = app.add_subcommand("image", "Images of containers")->require_subcommand(1);
  add_list(*group, line);
  add_pull(*group, line);
  add_build(*group, line);
  add_default(*group, line);
  add_bootstrap(*group, line);
}

}  // namespace labgpu
