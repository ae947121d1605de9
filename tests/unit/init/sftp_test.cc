// Where the container's sftp server is found.
#include "init/sftp.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace labgpu {
namespace {

std::set<std::string> programs;
bool is_there(const char* path) { return programs.contains(path); }

std::string resolved(const std::string& command, std::set<std::string> there) {
  programs = std::move(there);
  auto out = std::make_unique<CommandLine>();
  switch (resolve_sftp(command, is_there, *out)) {
    case SftpCommand::kOther:
      return "other";
    case SftpCommand::kMissing:
      return "missing";
    case SftpCommand::kMoved:
      return std::string(out->view());
  }
  return "";
}

constexpr char kDebian[] = "/usr/lib/openssh/sftp-server";
constexpr char kFedora[] = "/usr/libexec/openssh/sftp-server";

TEST(ResolveSftp, LeavesOtherCommandsAlone) {
  for (const char* command : {"ls", "", "sftp-server", "/usr/bin/my-sftp-server",
                              "echo /sftp-server", "internal-sftpd", "relative/sftp-server"}) {
    EXPECT_EQ(resolved(command, {}), "other") << command;
  }
}

TEST(ResolveSftp, LeavesAServerThatIsThereAlone) {
  EXPECT_EQ(resolved(std::string(kDebian) + " -l INFO", {kDebian, kFedora}), "other");
  EXPECT_EQ(resolved("/opt/sftp-server", {"/opt/sftp-server"}), "other");
}

TEST(ResolveSftp, FindsTheContainersServerAndKeepsTheArguments) {
  EXPECT_EQ(resolved("internal-sftp", {kDebian}), kDebian);
  EXPECT_EQ(resolved("internal-sftp -f AUTH -u 002", {kFedora}),
            std::string(kFedora) + " -f AUTH -u 002");
  EXPECT_EQ(resolved(std::string(kDebian) + " -R", {kFedora}), std::string(kFedora) + " -R");
}

TEST(ResolveSftp, TakesTheHostsCopyWhenTheContainerHasNone) {
  EXPECT_EQ(resolved("internal-sftp -R", {"/.labgpu/bin/sftp/sftp-server"}),
            "/.labgpu/bin/sftp/ld.so --library-path /.labgpu/bin/sftp/lib "
            "/.labgpu/bin/sftp/sftp-server -R");
  EXPECT_EQ(resolved(kDebian, {kFedora, "/.labgpu/bin/sftp/sftp-server"}), kFedora);
}

TEST(ResolveSftp, SaysWhenThereIsNone) {
  EXPECT_EQ(resolved("internal-sftp", {}), "missing");
  EXPECT_EQ(resolved(kDebian, {"/bin/sh"}), "missing");
}

}  // namespace
}  // namespace labgpu
