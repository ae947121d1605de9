// Where documents are kept, each a text with a name and a version: accounts' records, the ids that
// were given out, what is switched on for the whole server.
//
// Nothing else reads or writes them, so that a store which several servers share can take the
// files' place. Whoever writes says which version it has seen, and is refused when somebody else
// was faster; an id is claimed in the same way, by making a document that must not exist yet.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "helper/error.h"
#include "helper/task.h"

namespace labgpu {

enum class RecordKind {
  kUsers,   // an account's record, under its name
  kIds,     // who has or had an id, under the number
  kServer,  // what concerns the server as a whole
};

// Opaque: another one for every change of a document.
using RecordVersion = std::string;
// The version of a document that does not exist.
inline constexpr char kNoRecord[] = "";

struct StoredRecord {
  std::string content;
  RecordVersion version;
};

struct NewRecord {
  RecordKind kind;
  std::string name;
  std::string content;
};

struct RecordChanges {
  struct Record {
    std::string name;
    RecordVersion version;
  };
  std::vector<Record> records;
  bool complete = false;  // all there are: what is not among them is gone
};

// Documents that come into being together. Until commit() they are there for this process alone:
// they are removed again by the destructor, and at the next start after a crash.
class RecordBatch {
 public:
  RecordBatch() = default;
  RecordBatch(const RecordBatch&) = delete;
  RecordBatch& operator=(const RecordBatch&) = delete;
  virtual ~RecordBatch() = default;

  // In the order in which they were given.
  [[nodiscard]] virtual const std::vector<RecordVersion>& versions() const = 0;
  // From here on all of them are there for good.
  virtual Result<void> commit() = 0;
};

class RecordStore {
 public:
  RecordStore() = default;
  RecordStore(const RecordStore&) = delete;
  RecordStore& operator=(const RecordStore&) = delete;
  virtual ~RecordStore() = default;

  // Where an administrator finds a document, for messages.
  [[nodiscard]] virtual std::string place(RecordKind kind, const std::string& name) const = 0;
  // The names of all documents of a kind, in their order.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(RecordKind kind) const = 0;
  // kNotFound when there is none.
  [[nodiscard]] virtual Result<StoredRecord> get(RecordKind kind,
                                                 const std::string& name) const = 0;

  // Durable when they return. kExists, and nothing is changed, when the document is not of the
  // version `seen`, which for a new one is kNoRecord. The new version.
  virtual Result<RecordVersion> put_if_unchanged(RecordKind kind, const std::string& name,
                                                 const std::string& content,
                                                 const RecordVersion& seen) = 0;
  virtual Result<void> remove_if_unchanged(RecordKind kind, const std::string& name,
                                           const RecordVersion& seen) = 0;
  // Writes all of them or none; kExists when one is there already. Many take a while, during which
  // the event loop turns; a second batch waits for the first one's end.
  virtual Task<Result<std::unique_ptr<RecordBatch>>> create_all(std::vector<NewRecord> records) = 0;

  // Calls back from the event loop after documents of that kind were changed by anybody, this
  // process included: who knows a version already need not look. Once for each kind.
  using Changed = std::function<void(const RecordChanges&)>;
  virtual Result<void> watch(RecordKind kind, Changed changed) = 0;
};

}  // namespace labgpu
