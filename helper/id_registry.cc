// Ids and their records.
#include "helper/id_registry.h"

#include <utility>

#include "common/parse.h"
#include "common/paths.h"
#include "helper/account.h"
#include "helper/json_fields.h"
#include "helper/log.h"

namespace labgpu {

namespace {

constexpr char kOwner[] = "userName";

Result<std::string> owner_in(const std::string& text) {
  auto parsed = parse_json(text, false);
  if (!parsed) return Failed(parsed.error());
  JsonFields fields(*parsed, "");
  auto owner = fields.required_text(kOwner);
  if (auto done = fields.finish(); !done) return Failed(done.error());
  return owner;
}

}  // namespace

// Ids that are being reserved: somebody's from the moment they are chosen, and free again when it
// comes to nothing.
class IdRegistry::Reservations {
 public:
  explicit Reservations(IdRegistry& registry) : registry_(registry) {}
  Reservations(const Reservations&) = delete;
  Reservations& operator=(const Reservations&) = delete;
  ~Reservations() {
    for (const auto& [name, id] : chosen_) registry_.forget(id);
  }

  Result<void> add(const std::string& name) {
    auto reserved = registry_.reserved_.find(name);
    if (reserved != registry_.reserved_.end()) {
      ids_.push_back(reserved->second);
      return {};
    }
    auto id = registry_.find_free(name);
    if (!id) return Failed(id.error());
    registry_.note(*id, name);
    chosen_[name] = *id;
    ids_.push_back(*id);
    return {};
  }
  [[nodiscard]] std::vector<NewRecord> records() const {
    std::vector<NewRecord> records;
    for (const auto& [name, id] : chosen_) records.push_back(record(id, name));
    return records;
  }
  std::vector<uint32_t> keep() {
    registry_.reserved_.merge(chosen_);
    chosen_.clear();
    return std::move(ids_);
  }

 private:
  IdRegistry& registry_;
  std::vector<uint32_t> ids_;
  std::map<std::string, uint32_t> chosen_;
};

IdRegistry::IdRegistry(EventLoop& loop, RecordStore& records, IdRange range, const HostNames& host)
    : loop_(loop), records_(records), range_(range), host_(host), next_(range.first + 1) {}

Result<void> IdRegistry::load() {
  auto names = records_.list(RecordKind::kIds);
  if (!names) return Failed(names.error());
  for (const auto& name : *names) {
    uint32_t id = 0;
    auto place = records_.place(RecordKind::kIds, name);
    if (!parse_u32(name, id)) {
      log(LogLevel::kWarning, place + " is left alone: its name is no id");
      continue;
    }
    auto stored = records_.get(RecordKind::kIds, name);
    auto owner = stored ? owner_in(stored->content) : Failed(stored.error());
    if (!owner) {
      log(LogLevel::kError,
          place + " is damaged, so nobody gets that id: " + owner.error().message);
    }
    note(id, owner.value_or(""));
  }
  return {};
}

const std::string* IdRegistry::owner(uint32_t id) const {
  auto found = owners_.find(id);
  return found == owners_.end() ? nullptr : &found->second;
}

std::vector<uint32_t> IdRegistry::ids_of(const std::string& name) const {
  std::vector<uint32_t> ids;
  for (const auto& [id, owner] : owners_) {
    if (owner == name) ids.push_back(id);
  }
  return ids;
}

void IdRegistry::forget(uint32_t id) {
  owners_.erase(id);
  if (id > range_.first && id < next_) next_ = id;
}

Result<bool> IdRegistry::host_has(uint32_t id) const {
  if (of_host_.contains(id)) return true;
  return host_.has_id(id);
}

Result<uint32_t> IdRegistry::find_free(const std::string& name) {
  for (; next_ <= range_.last; ++next_) {
    if (owner(next_) != nullptr) continue;
    auto taken = host_has(next_);
    if (!taken) return Failed(taken.error());
    if (!*taken) return next_;
  }
  return fail(ErrorCode::kInvalid, "no id from " + std::to_string(range_.first + 1) + " to " +
                                       std::to_string(range_.last) + " is left for " + name +
                                       ", and none is used twice: raise ids.last in " +
                                       kConfigFile);
}

Result<uint32_t> IdRegistry::reserve(const std::string& name) {
  if (auto found = reserved_.find(name); found != reserved_.end()) return found->second;
  for (;;) {
    auto id = find_free(name);
    if (!id) return id;
    auto claimed = claim(*id, name);
    if (claimed) {
      reserved_[name] = *id;
      return id;
    }
    if (claimed.error().code != ErrorCode::kExists) return Failed(claimed.error());
    note(*id, "");  // another process was faster
  }
}

Task<Result<std::vector<uint32_t>>> IdRegistry::reserve_all(std::vector<std::string> names) {
  constexpr size_t kPortion = 64;  // each may be a question to a directory service
  Reservations reservations(*this);
  for (size_t i = 0; i < names.size(); ++i) {
    if (auto added = reservations.add(names[i]); !added) co_return Failed(added.error());
    if (i % kPortion == kPortion - 1) co_await loop_.turn();
  }
  auto writing = records_.create_all(reservations.records());
  auto batch = co_await writing;
  if (!batch) co_return Failed(batch.error());
  if (auto committed = (*batch)->commit(); !committed) co_return Failed(committed.error());
  co_return reservations.keep();
}

bool IdRegistry::is_reserved(uint32_t id, const std::string& name) const {
  auto found = reserved_.find(name);
  return found != reserved_.end() && found->second == id;
}

Result<void> IdRegistry::check_given(uint32_t id, const std::string& name) const {
  auto shown = std::to_string(id);
  if (!is_person_id(id)) {
    return fail(ErrorCode::kInvalid, "id " + shown + " cannot be a person's");
  }
  if (id == range_.first) {
    return fail(ErrorCode::kExists, "id " + shown + " is the group's of all accounts");
  }
  const auto* who = owner(id);
  if (who != nullptr && (who->empty() || *who != name)) {
    return fail(ErrorCode::kExists, "id " + shown + " is or was " +
                                        (who->empty() ? "an account's" : *who + "'s") +
                                        ", and nobody else gets it: choose another one");
  }
  auto taken = host_has(id);
  if (!taken) return Failed(taken.error());
  if (!*taken) return {};
  return fail(ErrorCode::kExists,
              "the server has a user or group with id " + shown + ": choose another one");
}

Result<void> IdRegistry::claim(uint32_t id, const std::string& name) {
  auto claimed = record(id, name);
  auto put = records_.put_if_unchanged(claimed.kind, claimed.name, claimed.content, kNoRecord);
  if (!put) return Failed(put.error());
  note(id, name);
  return {};
}

NewRecord IdRegistry::record(uint32_t id, const std::string& name) {
  nlohmann::json content = {{kOwner, name}};
  return {RecordKind::kIds, std::to_string(id), content.dump() + "\n"};
}

}  // namespace labgpu
