// A name that is taken for as long as something is done with it.
#pragma once

#include <set>
#include <string>
#include <utility>

namespace labgpu {

// While it lives, `names`, which is borrowed, has the name, and nothing else begins with it.
class Reservation {
 public:
  Reservation(std::set<std::string>& names, std::string name)
      : names_(names), name_(std::move(name)) {
    names_.insert(name_);
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() { names_.erase(name_); }

 private:
  std::set<std::string>& names_;
  std::string name_;
};

}  // namespace labgpu
