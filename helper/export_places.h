// Who may export now: a few accounts at once, each with a thread of its own.
//
// A write to a user's file may hang for as long as the server of its file system is away, and then
// only this user waits. Whoever finds no place is told so instead of waiting for somebody else's.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/worker.h"

namespace labgpu {

class ExportPlaces {
  struct Seat {
    std::string user;                // empty when nobody has it
    std::unique_ptr<Worker> worker;  // kept once made
  };
  struct Leave {
    void operator()(Seat* seat) const { seat->user.clear(); }
  };

 public:
  static constexpr size_t kMost = 4;

  // Must outlive its places, `loop` must outlive it.
  explicit ExportPlaces(EventLoop& loop) : loop_(loop) {}

  // Free again when it goes, which must not be before its worker's jobs are done.
  class Place {
   public:
    [[nodiscard]] Worker& worker() const { return *seat_->worker; }

   private:
    friend class ExportPlaces;
    explicit Place(Seat* seat) : seat_(seat) {}
    std::unique_ptr<Seat, Leave> seat_;
  };

  // kExists when the user has one, kUnavailable when all are taken or there can be no thread.
  Result<Place> take(const std::string& user);

 private:
  EventLoop& loop_;
  std::array<Seat, kMost> seats_;
};

}  // namespace labgpu
