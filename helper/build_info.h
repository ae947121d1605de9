// What the build puts into the program: its version and the text of the Varlink interfaces.
#pragma once

namespace labgpu {

extern const char* const kLabgpuVersion;
extern const char* const kLabgpuInterface;   // helper/org.labgpu.varlink
extern const char* const kUserdbInterface;   // helper/io.systemd.UserDatabase.varlink
extern const char* const kServiceInterface;  // helper/org.varlink.service.varlink

}  // namespace labgpu
