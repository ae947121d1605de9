// labgpud's start and end: options, systemd's sockets and notifications, signals, restarts.
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/account_index.h"
#include "tests/module/helper/labgpud_process.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class LifecycleTest : public testing::Test {
 protected:
  // What labgpud says before it ends with `status`.
  std::string last_words(const std::vector<std::string>& arguments, int status) {
    LabgpudProcess process(arguments, files_.log);
    EXPECT_EQ(process.wait(), status);
    return read_file(files_.log);
  }
  json call(const std::string& method, const json& parameters) {
    return varlink_call(files_.admin_socket, "org.labgpu." + method, parameters);
  }
  UniqueFd listen_at(const std::string& path, int type) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path.c_str(), path.size() + 1);
    UniqueFd fd(socket(AF_UNIX, type, 0));
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (type != SOCK_DGRAM) {
      EXPECT_EQ(listen(fd.get(), 10), 0);
    }
    return fd;
  }
  // Waits for one of systemd's notifications that has `text` in it.
  static bool is_notified(const UniqueFd& socket, const std::string& text) {
    for (;;) {
      pollfd waited{.fd = socket.get(), .events = POLLIN, .revents = 0};
      if (poll(&waited, 1, 30000) <= 0) return false;
      char buffer[512];
      auto size = recv(socket.get(), buffer, sizeof buffer, 0);
      if (size > 0 &&
          std::string(buffer, static_cast<size_t>(size)).find(text) != std::string::npos) {
        return true;
      }
    }
  }

  ServerFiles files_;
};

TEST_F(LifecycleTest, OptionsAreChecked) {
  EXPECT_THAT(last_words({"--version"}, 0), HasSubstr("labgpud "));
  EXPECT_THAT(last_words({"--help"}, 0), HasSubstr("--state-directory"));
  EXPECT_THAT(last_words({"--wrong"}, 1), HasSubstr("Usage:"));
  EXPECT_THAT(last_words({"--foreground", "rest"}, 1), HasSubstr("Usage:"));
}

TEST_F(LifecycleTest, AMistakeInTheConfigurationIsNamed) {
  write_file(files_.config, "{\"defaults\":\n{\"gpus\": \"two\"}}");
  auto words = last_words(files_.arguments(), 1);
  EXPECT_THAT(words, HasSubstr(files_.config));
  EXPECT_THAT(words, HasSubstr("line 2: defaults.gpus \"two\" must be auto"));
}

TEST_F(LifecycleTest, AConfigurationCanBeCheckedAlone) {
  auto check = [&](const std::string& text, int status) {
    write_file(files_.config, text);
    return last_words({"--state-directory", files_.state, "--check-config", files_.config}, status);
  };
  EXPECT_THAT(check("{}", 0), HasSubstr(files_.config + " is right\n"));
  EXPECT_THAT(check("{\n\"colours\": 1}", 1),
              HasSubstr(files_.config + ": line 2: colours is not a known field"));
  EXPECT_THAT(check(R"({"defaults": {"cpus": 9999}})", 1), HasSubstr("more than this server has"));
  EXPECT_FALSE(std::filesystem::exists(files_.state));
  EXPECT_THAT(last_words({"--check-config", files_.config, "more"}, 1), HasSubstr("Usage:"));
}

TEST_F(LifecycleTest, AReloadTakesWhatIsRightAndKeepsTheLastGoodConfiguration) {
  const json before = json::parse(read_file(files_.config));
  auto image_of_alice = [&] {
    auto reply = call("GetUser", {{"name", "alice"}});
    return std::string(reply["parameters"]["user"]["settings"]["image"]);
  };
  auto reload = [&](RunningLabgpud& labgpud, const json& changes, const std::string& logged) {
    json config = before;
    config.update(changes);
    write_file(files_.config, config.dump(1));
    labgpud.send_signal(SIGHUP);
    for (int i = 0; i < 500 && read_file(files_.log).find(logged) == std::string::npos; ++i) {
      usleep(10000);
    }
    EXPECT_THAT(read_file(files_.log), HasSubstr(logged));
  };
  RunningLabgpud labgpud(files_);
  call("AddUser", {{"name", "alice"}});
  EXPECT_EQ(image_of_alice(), "labgpu/default:latest");
  reload(labgpud, {{"defaults", {{"image", "second"}}}}, "took the configuration anew");
  EXPECT_EQ(image_of_alice(), "second");
  reload(labgpud, {{"defaults", {{"image", 5}}}},
         "the configuration stays what it was: " + files_.config +
             ": line 3: defaults.image must be a text");
  EXPECT_EQ(image_of_alice(), "second");
  reload(labgpud, {{"ids", {{"first", 30000}}}, {"defaults", {{"image", "third"}}}},
         "a new value of ids counts after: systemctl restart labgpud");
  EXPECT_EQ(image_of_alice(), "third");
  EXPECT_EQ(call("AddUser", {{"name", "bob"}})["parameters"]["user"]["uid"], 20002);
}

TEST_F(LifecycleTest, AStateDirectoryThatCannotBeIsNamed) {
  write_file(files_.state, "a file");
  EXPECT_THAT(last_words(files_.arguments(), 1), HasSubstr(files_.state));
}

TEST_F(LifecycleTest, SignalsEndItWithSuccess) {
  for (int number : {SIGTERM, SIGINT}) {
    RunningLabgpud labgpud(files_);
    labgpud.send_signal(number);
    EXPECT_EQ(labgpud.wait(), 0);
  }
}

TEST_F(LifecycleTest, ItsSocketsAreOpenToEverybody) {
  RunningLabgpud labgpud(files_);
  for (const auto& path : {files_.session_socket, files_.admin_socket, files_.userdb_socket}) {
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0666U);
  }
}

TEST_F(LifecycleTest, AccountsOutliveAKilledHelper) {
  {
    RunningLabgpud labgpud(files_);
    ASSERT_TRUE(
        call("AddUser", {{"name", "alice"}, {"password", "secret"}}).contains("parameters"));
    labgpud.send_signal(SIGKILL);
    labgpud.wait();
  }
  char buffer[512];
  IndexedAccount found;
  EXPECT_EQ(find_account((files_.state + "/nss/passwd.cdb").c_str(), "alice", buffer, found), 0);
  EXPECT_EQ(found.uid, 20001U);
  RunningLabgpud labgpud(files_);
  auto user = call("GetUser", {{"name", "alice"}})["parameters"]["user"];
  EXPECT_EQ(user["uid"], 20001);
  EXPECT_EQ(user["hasPassword"], true);
  EXPECT_EQ(read_file(files_.log).find("secret"), std::string::npos);
}

TEST_F(LifecycleTest, MaintenanceOutlivesAKilledHelper) {
  const json on = {{"on", true}, {"message", "back at 18:00"}};
  {
    RunningLabgpud labgpud(files_);
    ASSERT_TRUE(call("StartMaintenance", {{"message", "back at 18:00"}}).contains("parameters"));
    labgpud.send_signal(SIGKILL);
    labgpud.wait();
  }
  RunningLabgpud labgpud(files_);
  EXPECT_EQ(call("GetMaintenance", json::object())["parameters"], on);
}

TEST_F(LifecycleTest, SystemdsSocketsAndNotifications) {
  auto session = listen_at(files_.session_socket, SOCK_SEQPACKET);
  auto admin = listen_at(files_.admin_socket, SOCK_STREAM);
  auto notify = listen_at(files_.directory / "notify", SOCK_DGRAM);
  LabgpudProcess labgpud(
      {"--config", files_.config, "--state-directory", files_.state}, files_.log,
      {admin.get(), session.get()},
      {"LISTEN_FDS=2", "LISTEN_FDNAMES=varlink:session",
       "NOTIFY_SOCKET=" + (files_.directory / "notify"), "WATCHDOG_USEC=200000"});
  EXPECT_TRUE(is_notified(notify, "READY=1"));
  EXPECT_TRUE(is_notified(notify, "WATCHDOG=1"));
  EXPECT_EQ(call("ListUsers", json::object())["parameters"]["users"], json::array());
  labgpud.send_signal(SIGHUP);
  EXPECT_TRUE(is_notified(notify, "RELOADING=1"));
  EXPECT_TRUE(is_notified(notify, "READY=1"));
  labgpud.send_signal(SIGTERM);
  EXPECT_TRUE(is_notified(notify, "STOPPING=1"));
  EXPECT_EQ(labgpud.wait(), 0);
}

TEST_F(LifecycleTest, TheUserDatabaseIsServedWhereSystemdPassesItsSocket) {
  auto session = listen_at(files_.session_socket, SOCK_SEQPACKET);
  auto admin = listen_at(files_.admin_socket, SOCK_STREAM);
  auto userdb = listen_at(files_.userdb_socket, SOCK_STREAM);
  LabgpudProcess labgpud({"--config", files_.config, "--state-directory", files_.state}, files_.log,
                         {userdb.get(), admin.get(), session.get()},
                         {"LISTEN_FDS=3", "LISTEN_FDNAMES=userdb:varlink:session"});
  auto reply = varlink_call(files_.userdb_socket, "io.systemd.UserDatabase.GetUserRecord",
                            {{"service", "org.labgpu"}, {"uid", 20001}});
  EXPECT_EQ(reply["error"], "io.systemd.UserDatabase.NoRecordFound");
}

TEST_F(LifecycleTest, WithoutSystemdsSocketsItDoesNotStart) {
  LabgpudProcess none({"--config", files_.config, "--state-directory", files_.state}, files_.log);
  EXPECT_EQ(none.wait(), 1);
  auto wrong_type = listen_at(files_.session_socket, SOCK_STREAM);
  auto admin = listen_at(files_.admin_socket, SOCK_STREAM);
  LabgpudProcess wrong({"--config", files_.config, "--state-directory", files_.state}, files_.log,
                       {wrong_type.get(), admin.get()},
                       {"LISTEN_FDS=2", "LISTEN_FDNAMES=session:varlink"});
  EXPECT_EQ(wrong.wait(), 1);
  EXPECT_FALSE(std::filesystem::exists(files_.state + "/users"));
}

}  // namespace
}  // namespace labgpu::test
