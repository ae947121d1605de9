// What the build puts into the program: its version and texts that are files of the tree.
#pragma once

namespace labgpu {

extern const char* const kLabgpuVersion;
extern const char* const kLabgpuInterface;   // helper/org.labgpu.varlink
extern const char* const kUserdbInterface;   // helper/io.systemd.UserDatabase.varlink
extern const char* const kServiceInterface;  // helper/org.varlink.service.varlink
extern const char* const kEnglishGreeting;   // debian/greeting
extern const char* const kChineseGreeting;   // debian/greeting.zh

}  // namespace labgpu
