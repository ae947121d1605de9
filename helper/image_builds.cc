// A user's build, step by step; nothing is left of one that fails.
#include "helper/image_builds.h"

#include <time.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "helper/build_output.h"
#include "helper/build_variables.h"
#include "helper/image_labels.h"
#include "helper/image_name.h"
#include "helper/log.h"
#include "helper/reservation.h"
#include "helper/setting_ulimits.h"
#include "helper/settings_values.h"

namespace labgpu {

using nlohmann::json;

namespace {

// Sorts behind those of before, also of the same second; the newest is their first.
std::string new_name(const Account& account, const std::vector<std::string>& earlier) {
  time_t now = time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  static_cast<void>(strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts));
  auto name = build_repository(account.name, account.uid) + ":" + text;
  if (!earlier.empty() && name <= earlier.front()) return earlier.front() + "-2";
  return name;
}

// The query's names for a container's limits
// (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild).
json limits_of(const Settings& settings) {
  json limits = {{"shmsize", settings.shm_bytes}};
  if (settings.memory_bytes != 0) {
    limits["memory"] = settings.memory_bytes;
    limits["memswap"] = settings.memory_bytes;  // no swap, as in a container
  }
  if (settings.milli_cpus != 0) {
    constexpr uint64_t kPeriod = 100000;  // microseconds, as Docker's own --cpus takes it
    limits["cpuperiod"] = kPeriod;
    limits["cpuquota"] = settings.milli_cpus * kPeriod / 1000;
  }
  json body;
  put_ulimits(settings.ulimits, body);
  limits["ulimits"] = body["HostConfig"]["Ulimits"];
  return limits;
}

bool is_of(const ImageDetails& image, const Account& account) {
  auto label = image.labels.find(kLabelBuildUid);
  return label != image.labels.end() && label->second == std::to_string(account.uid);
}

// What is below labgpu/ with two slashes is somebody's own.
bool is_private(const std::string& image) {
  auto name = familiar_name(image);
  return is_made_here(name) && std::count(name.begin(), name.end(), '/') > 1;
}

// "NAME=VALUE" each.
size_t longest_variable(const json& configuration) {
  size_t longest = 0;
  auto variables = configuration.find("Env");
  if (variables == configuration.end() || !variables->is_array()) return 0;
  for (const json& variable : *variables) {
    if (variable.is_string())
      longest = std::max(longest, variable.get_ref<const std::string&>().size());
  }
  return longest;
}

Result<void> check_base(const std::string& image, const ImageDetails& found,
                        const Account& account) {
  if (is_private(image) && !is_of(found, account)) {
    return fail(ErrorCode::kInvalid, "the image " + image + " is not yours");
  }
  if (!found.triggers.empty()) {
    return fail(ErrorCode::kInvalid,
                "the image " + image + " has ONBUILD instructions, which are not run here");
  }
  if (size_t longest = longest_variable(found.configuration); longest > kLongestOfBase) {
    return fail(ErrorCode::kInvalid, "the image " + image + " has a variable of " +
                                         std::to_string(longest) +
                                         " bytes in its environment, and " +
                                         std::to_string(kLongestOfBase) + " are allowed");
  }
  return {};
}

Result<void> check_built(const std::string& name, const ImageDetails& image, uint64_t most_bytes) {
  if (image.bytes > most_bytes) {
    return fail(ErrorCode::kInvalid, "it has " + std::to_string(image.bytes >> 20) +
                                         " MiB, and the setting build_size allows " +
                                         size_text(most_bytes));
  }
  return check_labels(name, image);
}

}  // namespace

ImageBuilds::ImageBuilds(EventLoop& loop, DockerClient& docker, ImagePuller& puller,
                         std::string state_directory)
    : docker_(docker),
      puller_(puller),
      state_directory_(std::move(state_directory)),
      worker_(loop) {}

Result<void> ImageBuilds::check_turn(const Account& account, const Settings& settings) const {
  if (!settings.builds) {
    return fail(ErrorCode::kInvalid, account.name +
                                         " may not build images: the administrator can allow it "
                                         "(the setting builds)");
  }
  if (building_.contains(account.name)) {
    return fail(ErrorCode::kUnavailable, "a build of " + account.name + "'s is under way already");
  }
  if (building_.size() >= kMost) {
    return fail(ErrorCode::kUnavailable,
                "as many builds as this server takes at a time are under "
                "way: try again when one of them is done");
  }
  return {};
}

Task<Result<BuiltImage>> ImageBuilds::build(Account account, Settings settings,
                                            Images::OnOutput on_output) {
  if (auto may = check_turn(account, settings); !may) co_return Failed(may.error());
  Reservation turn(building_, account.name);
  auto packing = pack(account, settings.build_context_bytes);
  auto context = co_await packing;
  if (!context) co_return Failed(context.error());
  auto preparing = prepare_images(account, *context, on_output);
  auto prepared = co_await preparing;
  if (!prepared) co_return Failed(prepared.error());
  auto asking = names_of(account);
  auto earlier = co_await asking;
  if (!earlier) co_return Failed(earlier.error());

  ImageBuild request;
  request.context_fd = (*context)->file.get();
  request.context_size = (*context)->size;
  request.recipe = kRecipeName;
  request.name = new_name(account, *earlier);
  request.labels = {{kLabelBuildUid, std::to_string(account.uid)}};
  request.limits = limits_of(settings);
  request.cache_from = *earlier;
  auto name = request.name;
  log(LogLevel::kNotice, "building the image " + name, {{kLogUser, account.name}});
  auto running = run(std::move(request), settings.build_seconds, std::move(on_output));
  auto done = co_await running;
  if (!done) co_return Failed(done.error());
  auto judging = judge(std::move(name), settings.build_bytes);
  co_return co_await judging;
}

Task<Result<ImageBuilds::Context>> ImageBuilds::pack(Account account, uint64_t most_bytes) {
  TreeJobs jobs;
  std::function<Result<Context>()> job = [account, most_bytes, spool = state_directory_,
                                          work = jobs.work()] {
    return pack_build_context(account.home, account.uid, spool, {.bytes = most_bytes}, *work);
  };
  auto packing = worker_.run(std::move(job));
  co_return co_await packing;
}

Task<Result<void>> ImageBuilds::prepare_images(Account account, Context context,
                                               Images::OnOutput on_output) {
  for (const auto& image : context->images) {
    auto finding = find_or_fetch(image, on_output);
    auto found = co_await finding;
    if (!found) co_return Failed(found.error());
    if (auto may = check_base(image, *found, account); !may) co_return may;
  }
  co_return Result<void>();
}

Task<Result<ImageDetails>> ImageBuilds::find_or_fetch(std::string image,
                                                      Images::OnOutput on_output) {
  auto asking = docker_.inspect_image(image);
  auto found = co_await asking;
  if (found || found.error().code != ErrorCode::kNotFound) co_return found;
  if (is_made_here(image)) {
    co_return fail(ErrorCode::kInvalid, "there is no image " + image + " on this server");
  }
  on_output("fetching the image " + image + "\n");
  auto pulling = puller_.pull(image);
  auto pulled = co_await pulling;
  if (!pulled) co_return Failed(pulled.error());
  auto again = docker_.inspect_image(image);
  co_return co_await again;
}

Task<Result<void>> ImageBuilds::run(ImageBuild build, uint32_t seconds,
                                    Images::OnOutput on_output) {
  BuildOutput output(std::move(on_output));
  auto stream = output.stream();
  auto building =
      docker_.build_image(std::move(build), std::chrono::seconds(seconds), std::move(stream));
  auto done = co_await building;
  if (!output.told()) co_return wrap("the build failed", output.told().error());
  if (!done && done.error().code == ErrorCode::kTimeout) {
    co_return fail(ErrorCode::kTimeout, "the build was ended: it took longer than " +
                                            duration_text(seconds) +
                                            ", which the setting build_time allows");
  }
  co_return done;
}

Task<Result<BuiltImage>> ImageBuilds::judge(std::string name, uint64_t most_bytes) {
  auto asking = docker_.inspect_image(name);
  auto image = co_await asking;
  Result<void> fits = image ? check_built(name, *image, most_bytes) : Failed(image.error());
  if (fits) co_return BuiltImage{name, image->id, image->bytes};
  auto removing = docker_.remove_image(name);
  auto removed = co_await removing;
  if (!removed) log(LogLevel::kWarning, removed.error().message);
  co_return wrap("the image is refused and deleted", fits.error());
}

Task<Result<std::vector<std::string>>> ImageBuilds::names_of(Account account) {
  auto repository = build_repository(account.name, account.uid);
  auto listing = docker_.list_images(repository);
  auto images = co_await listing;
  if (!images) co_return Failed(images.error());
  std::vector<std::string> names;
  for (const auto& image : *images) {
    if (!is_of(image, account)) continue;
    for (const auto& name : image.names) {
      if (name.starts_with(repository + ":")) names.push_back(name);
    }
  }
  // The tags are times.
  std::sort(names.rbegin(), names.rend());
  co_return names;
}

// An image with a container is Docker's to refuse.
Task<Result<void>> ImageBuilds::remove(Account account, std::set<std::string> used, size_t keep) {
  auto asking = names_of(account);
  auto names = co_await asking;
  if (!names) co_return Failed(names.error());
  for (size_t i = std::min(keep, names->size()); i < names->size(); ++i) {
    if (used.contains((*names)[i])) continue;
    auto removing = docker_.remove_image((*names)[i]);
    auto removed = co_await removing;
    if (removed || removed.error().code == ErrorCode::kExists) continue;
    co_return removed;
  }
  co_return Result<void>();
}

}  // namespace labgpu
