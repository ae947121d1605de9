// Pulls, who waits for them, and what is said when one fails.
#include "helper/image_puller.h"

#include <utility>

#include "helper/image_name.h"
#include "helper/log.h"

namespace labgpu {

using std::chrono::milliseconds;

Result<void> check_fetchable(const std::string& image) {
  if (!is_made_here(image)) return {};
  return fail(ErrorCode::kUnavailable, "the image " + image +
                                           " is not on this server yet; ask the administrator to "
                                           "make it with labgpu image bootstrap");
}

struct ImagePuller::Pull {
  Clock::time_point begun = Clock::now();
  LineSplitter lines;
  PullProgress progress;
  Result<void> told;  // the first failure that the stream told of
  Shared<Result<void>> outcome;
};

namespace {

// Docker's own words lead: they name the registry, the proxy or the disk that is the matter.
Error for_user(const std::string& image, const Error& error) {
  std::string sentence = "the image " + image + " is not on this server, and " + error.message;
  // 404: the registry was reached and has no such image, or shows it only to those it knows.
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kInvalid) {
    return {ErrorCode::kInvalid, sentence +
                                     "; ask the administrator to correct the image's name, "
                                     "or to get it with docker pull"};
  }
  return {error.code, sentence + "; a login after " +
                          std::to_string(ImagePuller::kFailureHolds.count()) +
                          " seconds tries again"};
}

}  // namespace

std::optional<ImagePuller::Progress> ImagePuller::progress(const std::string& image) const {
  auto found = pulls_.find(image);
  if (found == pulls_.end()) return std::nullopt;
  const Pull& pull = *found->second;
  auto elapsed = std::chrono::duration_cast<milliseconds>(Clock::now() - pull.begun);
  return Progress{pull.progress.state(), elapsed};
}

Task<Result<void>> ImagePuller::pull(std::string image) {
  std::erase_if(failures_, [](const auto& one) { return one.second.holds_until < Clock::now(); });
  if (auto failed = failures_.find(image); failed != failures_.end()) {
    co_return Failed(failed->second.error);
  }
  // A copy: the map lets go of it before the waiters resume.
  std::shared_ptr<Pull> pull = pulls_[image];
  if (!pull) {
    pull = pulls_[image] = std::make_shared<Pull>();
    work_.add(run(std::move(image), pull));
  }
  Result<void> result = co_await pull->outcome;
  co_return result;
}

HttpStream ImagePuller::follow(Pull& pull) {
  auto take_line = [&pull](std::string_view line) {
    if (pull.told) pull.told = pull.progress.take_line(line);
  };
  return {.on_open = [] {},
          .on_data =
              [&pull, take_line](std::string_view piece) {
                if (!pull.lines.feed(piece, take_line) && pull.told) {
                  pull.told = fail(ErrorCode::kUnavailable, "Docker said a line without an end");
                }
                return pull.told.has_value();
              }};
}

Task<void> ImagePuller::run(std::string image, std::shared_ptr<Pull> pull) {
  log(LogLevel::kNotice, "fetching the image " + image);
  HttpStream stream = follow(*pull);
  Result<void> result = co_await docker_.pull_image(image, std::move(stream));
  if (!pull->told) result = wrap("Docker cannot fetch it", pull->told.error());
  if (result) {
    log(LogLevel::kNotice, "fetched the image " + image);
  } else {
    Error error = for_user(image, result.error());
    log(LogLevel::kWarning, error.message);
    failures_[image] = {error, Clock::now() + kFailureHolds};
    result = Failed(std::move(error));
  }
  pulls_.erase(image);
  pull->outcome.set(std::move(result));
}

}  // namespace labgpu
