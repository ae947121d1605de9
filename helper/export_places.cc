// Gives the places for exports away.
#include "helper/export_places.h"

#include <algorithm>
#include <stdexcept>

namespace labgpu {

Result<ExportPlaces::Place> ExportPlaces::take(const std::string& user) {
  auto seat_of = [this](const std::string& who) {
    return std::find_if(seats_.begin(), seats_.end(),
                        [&who](const Seat& seat) { return seat.user == who; });
  };
  if (seat_of(user) != seats_.end()) {
    return fail(ErrorCode::kExists,
                "an export of " + user + " is running; try again when it is done");
  }
  auto* seat = seat_of({});
  if (seat == seats_.end()) {
    return fail(ErrorCode::kUnavailable,
                std::to_string(kMost) + " exports are running; try again later");
  }
  try {
    if (!seat->worker) seat->worker = std::make_unique<Worker>(loop_);
  } catch (const std::runtime_error& error) {  // std::system_error is one
    return fail(ErrorCode::kUnavailable,
                std::string("there is no thread for an export: ") + error.what());
  }
  seat->user = user;
  return Place(seat);
}

}  // namespace labgpu
