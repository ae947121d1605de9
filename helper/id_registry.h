// Which ids labgpu has ever given out, and under whose name: a record for each, which stays when
// the account goes, so that nobody else gets it. An id is a uid and a gid of the same number.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "helper/config.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/host_names.h"
#include "helper/record_store.h"
#include "helper/task.h"

namespace labgpu {

class IdRegistry {
 public:
  // What is given must outlive it.
  IdRegistry(EventLoop& loop, RecordStore& records, IdRange range, const HostNames& host);

  // Call it first. A record that cannot be read is logged, and its id is somebody's all the same.
  Result<void> load();

  // Who has or had the id: "" for somebody whose name is lost, nullptr for nobody.
  [[nodiscard]] const std::string* owner(uint32_t id) const;
  // All that the name ever had, in no order.
  [[nodiscard]] std::vector<uint32_t> ids_of(const std::string& name) const;

  // An id of the range that neither labgpu nor the server has or had. Until it is used, the name
  // gets the same one again. kInvalid when none is left.
  Result<uint32_t> reserve(const std::string& name);
  // In the order of the names, which differ, with turns for the event loop.
  Task<Result<std::vector<uint32_t>>> reserve_all(std::vector<std::string> names);
  [[nodiscard]] bool is_reserved(uint32_t id, const std::string& name) const;
  // There is an account with it now.
  void use(const std::string& name) { reserved_.erase(name); }

  // May somebody choose that id for a new account of that name? It need not be of the range, and
  // may be one that the name had before. kExists, kInvalid.
  [[nodiscard]] Result<void> check_given(uint32_t id, const std::string& name) const;
  Result<void> claim(uint32_t id, const std::string& name);
  // For an id that is claimed by a batch: the record to write, and who has it meanwhile.
  static NewRecord record(uint32_t id, const std::string& name);
  void note(uint32_t id, const std::string& name) { owners_[id] = name; }
  void forget(uint32_t id);

  // An id that an account of the host has, of which there is a record: as if the host had been
  // asked.
  void note_host(uint32_t id) { of_host_.insert(id); }
  void forget_host(uint32_t id) { of_host_.erase(id); }

 private:
  class Reservations;
  Result<uint32_t> find_free(const std::string& name);
  [[nodiscard]] Result<bool> host_has(uint32_t id) const;

  EventLoop& loop_;
  RecordStore& records_;
  IdRange range_;
  const HostNames& host_;
  uint32_t next_;  // all below it were looked at
  std::unordered_map<uint32_t, std::string> owners_;
  std::map<std::string, uint32_t> reserved_;
  std::unordered_set<uint32_t> of_host_;
};

}  // namespace labgpu
