// Which process descends from which.
#pragma once

#include <sys/types.h>

namespace labgpu {

// Is `ancestor` the parent of `process`, or the parent's parent and so on, a few steps up? False
// too when nobody can tell any more.
bool descends_from(pid_t process, pid_t ancestor);

}  // namespace labgpu
