// labgpu, the administrator's command; see docs/man/labgpu.8.
#include "cli/command_line.h"

int main(int argc, char** argv) { return labgpu::run_command_line(argc, argv); }
