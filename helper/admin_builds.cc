// Build of org.labgpu: an account's own image, which its next container is made from.
#include <utility>

#include "helper/account_settings.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/image_name.h"
#include "helper/log.h"

namespace labgpu {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kTelling{200};
// Something is told now and then, so that the caller knows that the helper is alive.
constexpr std::chrono::seconds kLongestSilence{20};
// What waits for a caller who does not read, or at most twice of it.
constexpr size_t kMostOutput = size_t{256} * 1024;
constexpr size_t kBuildsKept = 2;

// Hands a build's output on, as fast as the caller takes it.
class OutputTelling {
 public:
  OutputTelling(EventLoop& loop, const VarlinkCall& call) : loop_(loop), call_(call) { arm(); }

  void add(std::string_view text) {
    waiting_ += text;
    if (waiting_.size() <= 2 * kMostOutput) return;
    auto line = waiting_.find('\n', waiting_.size() - kMostOutput);
    waiting_.erase(0, line == std::string::npos ? waiting_.size() - kMostOutput : line + 1);
    waiting_.insert(0, "[some lines are left out]\n");
  }
  std::string take_rest() { return std::exchange(waiting_, {}); }

 private:
  using Clock = std::chrono::steady_clock;

  void arm() {
    timer_ = loop_.after(kTelling, [this] {
      bool due = !waiting_.empty() || Clock::now() - told_at_ > kLongestSilence;
      if (due && !call_.is_behind()) {
        call_.tell({{"output", take_rest()}});
        told_at_ = Clock::now();
      }
      arm();
    });
  }
  EventLoop& loop_;
  const VarlinkCall& call_;
  std::string waiting_;
  Clock::time_point told_at_ = Clock::now();
  EventSource timer_;
};

// The last lines say why a build failed, so a caller who reads slowly is waited for.
Task<void> tell_rest(EventLoop& loop, const VarlinkCall& call, OutputTelling& output) {
  constexpr int kMostTurns = 50;
  for (int turn = 0; call.is_behind() && turn < kMostTurns; ++turn) co_await loop.sleep(kTelling);
  auto rest = output.take_rest();
  if (!rest.empty()) call.tell({{"output", rest}});
}

}  // namespace

// Of the account as it is now: a build takes long.
Result<AccountPointer> AdminMethods::use_image(const Account& whose, const std::string& image) {
  auto now = accounts_.find(whose.name);
  if (!now || now->uid != whose.uid) {
    return fail(ErrorCode::kUnavailable,
                whose.name + " was removed meanwhile; its image " + image + " is not used");
  }
  Account changed = *now;
  changed.settings.image = image;
  return change(now, std::move(changed));
}

Task<void> AdminMethods::remove_old_builds(AccountPointer account) {
  std::set<std::string> used;
  for (const auto& [user, image] : images_of_accounts()) used.insert(familiar_name(image));
  if (config_.defaults.image) used.insert(familiar_name(*config_.defaults.image));
  for (const auto& [name, layer] : config_.profiles) {
    if (layer.image) used.insert(familiar_name(*layer.image));
  }
  auto removing = images_.remove_builds(*account, std::move(used), kBuildsKept);
  auto removed = co_await removing;
  if (!removed) {
    log(LogLevel::kWarning, "old images stay: " + removed.error().message,
        {{kLogUser, account->name}});
  }
}

Task<VarlinkReply> AdminMethods::build(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  auto settings = settings_of(config_, **account);
  if (!settings) co_return account_failed(settings.error());
  call.end_with_caller();
  OutputTelling output(loop_, call);
  auto building = images_.build(**account, std::move(*settings),
                                [&output](std::string_view text) { output.add(text); });
  auto built = co_await building;
  auto telling = tell_rest(loop_, call, output);
  co_await telling;
  if (!built) co_return container_failed(built.error());
  auto stored = use_image(**account, built->name);
  if (!stored) co_return account_failed(stored.error());
  auto tidying = remove_old_builds(*stored);
  co_await tidying;
  json reply = {{"image", built->name}, {"id", built->id}, {"bytes", built->bytes}};
  auto asking = containers_.status(**stored);
  auto status = co_await asking;
  if (status) reply["container"] = container_reply(*status, logins_.count_of((*stored)->name));
  co_return reply;
}

}  // namespace labgpu
