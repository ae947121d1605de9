// Ports of the server: reserved once, kept, never given twice.
#include "helper/port_reservations.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class PortReservationsTest : public testing::Test {
 protected:
  PortReservationsTest() {
    policy_.ports = {20000, 20003, ""};
    for (auto* account : {&alice_, &bob_}) account->home = "/home/x";
    alice_.name = "alice";
    bob_.name = "bob";
  }
  Result<void> reserve(Account& account, std::vector<Port> ports,
                       const std::set<uint16_t>& busy = {}) {
    account.settings.ports = std::move(ports);
    TakenPorts taken{.owners = {}, .busy = busy};
    for (const auto* each : {&alice_, &bob_}) taken.add(*each);
    return reserve_ports(policy_, taken, account);
  }
  std::string refusal(Account& account, std::vector<Port> ports,
                      const std::set<uint16_t>& busy = {}) {
    auto before = account.host_ports;
    auto reserved = reserve(account, std::move(ports), busy);
    EXPECT_EQ(account.host_ports, before);
    return reserved ? "accepted" : reserved.error().message;
  }

  SettingsPolicy policy_;
  Account alice_;
  Account bob_;
};

TEST_F(PortReservationsTest, EveryPortGetsOneAndKeepsIt) {
  ASSERT_TRUE(reserve(alice_, {{8888, 0, false}}));
  ASSERT_TRUE(reserve(bob_, {{8888, 0, false}, {22, 0, false}}));
  EXPECT_THAT(alice_.host_ports, ElementsAre(Pair("8888/tcp", 20000)));
  EXPECT_THAT(bob_.host_ports, ElementsAre(Pair("22/tcp", 20002), Pair("8888/tcp", 20001)));
  ASSERT_TRUE(reserve(alice_, {{53, 0, true}, {8888, 0, false}}, {20000}));
  EXPECT_THAT(alice_.host_ports, ElementsAre(Pair("53/udp", 20003), Pair("8888/tcp", 20000)));
  ASSERT_TRUE(reserve(alice_, {}));
  EXPECT_EQ(alice_.host_ports.size(), 2U);  // as long as there is the account
}

TEST_F(PortReservationsTest, WhatListensIsNotGivenAway) {
  ASSERT_TRUE(reserve(alice_, {{80, 0, false}}, {20000, 20001}));
  EXPECT_THAT(alice_.host_ports, ElementsAre(Pair("80/tcp", 20002)));
}

TEST_F(PortReservationsTest, APortOfOnesOwnChoiceHasToBeFree) {
  ASSERT_TRUE(reserve(alice_, {{80, 8080, false}}));
  EXPECT_THAT(alice_.host_ports, ElementsAre(Pair("80/tcp", 8080)));
  // Its own container listens there by now.
  EXPECT_TRUE(reserve(alice_, {{80, 8080, false}}, {8080}));
  EXPECT_THAT(refusal(bob_, {{80, 8080, false}}),
              HasSubstr("8080: this port of the server is alice's"));
  EXPECT_THAT(refusal(bob_, {{22, 22, false}}, {22}), HasSubstr("listens on it"));
  EXPECT_THAT(refusal(bob_, {{80, 8081, false}, {81, 8081, false}}), HasSubstr("another port"));
}

TEST_F(PortReservationsTest, ARangeThatIsUsedUpIsSaid) {
  ASSERT_TRUE(reserve(alice_, {{1, 0, false}, {2, 0, false}, {3, 0, false}, {4, 0, false}}));
  EXPECT_THAT(refusal(bob_, {{1, 0, false}}),
              HasSubstr("none of the ports 20000 to 20003 is free; set \"ports\""));
}

TEST(BusyPorts, AreReadFromTheKernel) {
  test::TemporaryDirectory directory;
  auto net = directory / "proc/net";
  std::filesystem::create_directories(net);
  test::write_file(net + "/tcp",
                   "  sl  local_address rem_address   st tx_queue rx_queue\n"
                   "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n"
                   "   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000\n");
  test::write_file(net + "/udp6",
                   "  sl  local_address remote_address st\n"
                   "  12: 00000000000000000000000000000000:0035 0000:0000 07 x\n"
                   "nonsense\n");
  EXPECT_THAT(busy_ports(directory.path()), ElementsAre(53, 8080));
  EXPECT_TRUE(busy_ports(directory / "absent").empty());
}

}  // namespace
}  // namespace labgpu
