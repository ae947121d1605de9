// Exports beside each other: how many, whose, and that one that hangs keeps no other waiting.
#include "helper/export_places.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <vector>

#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using testing_support::run_task;

class ExportPlacesTest : public ::testing::Test {
 protected:
  std::string refusal(const std::string& user) {
    auto place = places_.take(user);
    return place ? "none" : place.error().message;
  }

  EventLoop loop_;
  ExportPlaces places_{loop_};
};

TEST_F(ExportPlacesTest, AnAccountHasOneAtATime) {
  std::optional<Result<ExportPlaces::Place>> place(places_.take("alice"));
  ASSERT_TRUE(place->has_value());
  EXPECT_EQ(refusal("alice"), "an export of alice is running; try again when it is done");
  EXPECT_EQ(refusal("bob"), "none");
  place.reset();
  EXPECT_EQ(refusal("alice"), "none");
}

TEST_F(ExportPlacesTest, WhoeverComesWhenAllAreTakenHearsSo) {
  std::vector<Result<ExportPlaces::Place>> taken;
  for (size_t i = 0; i < ExportPlaces::kMost; ++i) {
    taken.push_back(places_.take("user" + std::to_string(i)));
    ASSERT_TRUE(taken.back().has_value());
  }
  EXPECT_EQ(refusal("alice"), "4 exports are running; try again later");
  EXPECT_EQ(refusal("user0"), "an export of user0 is running; try again when it is done");
  taken.pop_back();
  EXPECT_EQ(refusal("alice"), "none");
}

TEST_F(ExportPlacesTest, OneThatHangsKeepsNoOtherWaiting) {
  auto alices = places_.take("alice");
  auto bobs = places_.take("bob");
  ASSERT_TRUE(alices && bobs);
  std::promise<void> end;
  std::function<bool()> hang = [released = end.get_future().share()] {
    released.wait();
    return true;
  };
  std::function<bool()> quick = [] { return true; };
  std::optional<bool> hung;
  Task<void> hanging = testing_support::keep_result(alices->worker().run(std::move(hang)), hung);
  hanging.start();
  EXPECT_TRUE(run_task(loop_, bobs->worker().run(std::move(quick))));
  EXPECT_FALSE(hung.has_value());
  end.set_value();
  testing_support::run_until(loop_, [&] { return hanging.done(); });
  EXPECT_TRUE(*hung);
}

}  // namespace
}  // namespace labgpu
