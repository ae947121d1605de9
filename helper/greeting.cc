// Gathers what a greeting tells.
#include "helper/greeting.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "helper/account_settings.h"
#include "helper/container_memory.h"
#include "helper/gpu_monitor.h"
#include "helper/host_facts.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

// "gpu01" of "gpu01.lab.example".
std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  std::string text = name.data();
  return text.substr(0, text.find('.'));
}

bool is_chosen(const nlohmann::json& gpu, const GpuChoice& choice) {
  if (choice.kind == GpuChoice::Kind::kNone) return false;
  if (choice.kind != GpuChoice::Kind::kDevices) return true;
  return std::any_of(choice.devices.begin(), choice.devices.end(), [&](const auto& device) {
    return gpu.is_object() && (gpu.value("index", nlohmann::json()) == device ||
                               gpu.value("uuid", nlohmann::json()) == device);
  });
}

// Cut at the end of a line.
std::string limited(std::string text) {
  if (text.size() <= Greeting::kMaxText) return text;
  text.resize(text.rfind('\n', Greeting::kMaxText - 1) + 1);
  return text;
}

}  // namespace

// The looks of one greeting: over when all of them are, or when the time is. They are a part of the
// frame that waits for this, which must not go on, and away, while one of them is at its end: hence
// the turn of the loop in between.
struct Greeter::Round : std::enable_shared_from_this<Round> {
  explicit Round(EventLoop& event_loop) : loop(event_loop) {}
  void end_look() {
    if (--open == 0) loop.post([round = shared_from_this()] { round->over.set(true); });
  }
  EventLoop& loop;
  size_t open = 3;
  Shared<bool> over;
  std::optional<ContainerStatus> container;
};

Greeter::Greeter(EventLoop& loop, Containers& containers, const Config& config,
                 GreetingTemplates templates, AskDisk ask_disk, std::string gpu_socket,
                 GreetingLimits limits)
    : loop_(loop),
      containers_(containers),
      config_(config),
      templates_(std::move(templates)),
      gpu_socket_(std::move(gpu_socket)),
      limits_(limits),
      disks_(loop, std::move(ask_disk)) {}

// Docker may take long; then the settings say what it would.
Task<void> Greeter::look_at_container(AccountPointer account, std::shared_ptr<Round> round) {
  auto asking = containers_.status(*account);
  auto status = co_await asking;
  if (status && status->state == ContainerState::kRunning) round->container = *status;
  round->end_look();
}

Task<void> Greeter::look_at_disks(std::vector<Mount> mounts, std::shared_ptr<Round> round) {
  std::vector<std::string> paths;
  paths.reserve(mounts.size());
  for (const auto& mount : mounts) paths.push_back(mount.source);
  auto looking = disks_.look_at(std::move(paths));
  co_await looking;
  round->end_look();
}

Task<void> Greeter::look_at_gpus(bool wanted, std::shared_ptr<Round> round) {
  if (wanted && !gpus_asked_ && Clock::now() - limits_.gpus_fresh >= gpus_when_) {
    gpus_asked_ = std::make_shared<Shared<bool>>();
    work_.add(ask_for_gpus());
  }
  auto asked = gpus_asked_;
  if (wanted && asked) co_await *asked;
  round->end_look();
}

// Goes on when the greeting that began it is told already: the next one has the report. A server
// without GPUs is asked again as often.
Task<void> Greeter::ask_for_gpus() {
  auto asking =
      ask_gpus(loop_, gpu_socket_, [this](pid_t pid) { return containers_.user_of_process(pid); });
  auto report = co_await asking;
  gpus_ = report ? std::move((*report)["gpus"]) : nlohmann::json::array();
  gpus_when_ = Clock::now();
  auto asked = std::exchange(gpus_asked_, nullptr);
  asked->set(true);
}

void Greeter::add_gpus(const GpuChoice& choice, GreetingFacts& facts) const {
  if (gpus_.empty()) return;
  auto age = Clock::now() - gpus_when_;
  if (age > limits_.gpus_known) return;
  facts.gpus_seconds_ago =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count());
  for (const auto& gpu : gpus_) {
    if (is_chosen(gpu, choice)) facts.gpus.push_back(gpu);
  }
}

GreetingFacts Greeter::facts_of(const Account& account, const Settings& settings,
                                const std::optional<ContainerStatus>& container,
                                const std::vector<Mount>& mounts) const {
  GreetingFacts facts;
  facts.user = account.name;
  facts.hostname = settings.hostname;
  facts.host = host_name();
  facts.container = container ? container->name : settings.container_name;
  facts.image = container ? container->image : settings.image;
  facts.now = now_in_microseconds();
  if (container) {
    auto started = parse_date(container->started_at, PartOfDay::kStart);
    if (started) facts.started = *started;
    facts.rebuild = container->rebuild;
  }
  add_gpus(settings.gpus, facts);
  if (auto running = containers_.running(account)) {
    facts.memory_used = memory_in_use(running->init_pid);
  }
  facts.memory_limit = settings.memory_bytes;
  facts.cpus =
      settings.milli_cpus != 0 ? cpus_text(settings.milli_cpus) : std::to_string(count_cpus());
  for (const auto& mount : mounts) {
    if (auto space = disks_.space_of(mount.source)) facts.disks.push_back({mount.target, *space});
  }
  facts.ports = container ? container->ports : settings.ports;
  return facts;
}

Task<std::string> Greeter::greet(AccountPointer account, GreetingLanguage language,
                                 uint64_t sessions) {
  auto words =
      language == GreetingLanguage::kChinese ? WordLanguage::kChinese : WordLanguage::kEnglish;
  auto text = words == WordLanguage::kChinese ? templates_.chinese : templates_.english;
  auto settings = settings_of(config_, *account);
  if (!config_.greeting || text.empty() || !settings) co_return std::string();
  std::vector<Mount> mounts;
  if (text.uses(Placeholder::kDisks)) {
    mounts = settings->mounts;
    mounts.insert(mounts.begin(), Mount{account->home, account->home, false});
  }

  auto round = std::make_shared<Round>(loop_);
  auto timer = loop_.after(limits_.patience, [round] { round->over.set(true); });
  auto container = look_at_container(account, round);
  auto disks = look_at_disks(mounts, round);
  auto gpus = look_at_gpus(text.uses(Placeholder::kGpus), round);
  container.start();
  disks.start();
  gpus.start();
  co_await round->over;

  auto facts = facts_of(*account, *settings, round->container, mounts);
  facts.sessions = sessions;
  auto told = text.render(describe(facts, words));
  if (language == GreetingLanguage::kAsciiEnglish) told = to_ascii(told);
  co_return limited(std::move(told));
}

}  // namespace labgpu
