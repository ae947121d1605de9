// A libnvidia-ml.so.1 of a server that a file describes, for machines without a GPU.
//
// The file is $FAKE_NVML, or /etc/fake-nvml. A word starts each line:
//   init CODE                            what nvmlInit returns
//   hang                                 nvmlInit never returns
//   gpu UUID TOTAL USED PERCENT CELSIUS NAME...
//   lost                                 a GPU that has fallen off the bus
//   mig UUID TOTAL USED NAME...          a MIG device of the GPU before
//   process PID MEMORY | graphics PID MEMORY   of the device before; MEMORY may be -1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

enum { kMost = 64, kUnknownError = 999, kLostGpu = 15 };

struct Process {
  unsigned int pid;
  unsigned long long memory;
  unsigned int gpu_instance;
  unsigned int compute_instance;
};

struct List {
  unsigned int count;
  Process processes[kMost * 4];
};

struct Device {
  char uuid[96];
  char name[96];
  unsigned long long total;
  unsigned long long used;
  unsigned int percent;
  unsigned int celsius;
  int lost;
  int mig_mode;
  Device* parent;  // of a MIG device
  List compute;
  List graphics;
};

Device devices[kMost];
unsigned int device_count;
int init_code;

void add_process(List* list, const char* words) {
  Process* process = &list->processes[list->count++];
  long long memory = 0;
  sscanf(words, "%u %lld", &process->pid, &memory);
  process->memory = (unsigned long long)memory;
}

void read_line(const char* line) {
  Device* last = device_count > 0 ? &devices[device_count - 1] : nullptr;
  Device* fresh = &devices[device_count];
  if (sscanf(line, "init %d", &init_code) == 1) return;
  if (strncmp(line, "hang", 4) == 0) {
    for (;;) pause();
  }
  if (strncmp(line, "process ", 8) == 0) add_process(&last->compute, line + 8);
  if (strncmp(line, "graphics ", 9) == 0) add_process(&last->graphics, line + 9);
  if (sscanf(line, "gpu %95s %llu %llu %u %u %95[^\n]", fresh->uuid, &fresh->total, &fresh->used,
             &fresh->percent, &fresh->celsius, fresh->name) == 6) {
    ++device_count;
  } else if (strncmp(line, "lost", 4) == 0) {
    fresh->lost = 1;
    ++device_count;
  } else if (sscanf(line, "mig %95s %llu %llu %95[^\n]", fresh->uuid, &fresh->total, &fresh->used,
                    fresh->name) == 4) {
    fresh->parent = last->parent != nullptr ? last->parent : last;
    fresh->parent->mig_mode = 1;
    ++device_count;
  }
}

int copy(char* text, unsigned int size, const char* from) {
  if (strlen(from) >= size) return 7;
  strcpy(text, from);
  return 0;
}

int give(const List* list, unsigned int* count, Process* processes) {
  unsigned int room = *count;
  *count = list->count;
  if (room < list->count) return 7;
  memcpy(processes, list->processes, list->count * sizeof *processes);
  return 0;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  const char* path = getenv("FAKE_NVML");
  FILE* file = fopen(path != nullptr ? path : "/etc/fake-nvml", "r");
  char line[512];
  if (file == nullptr) return kUnknownError;
  memset(devices, 0, sizeof devices);
  device_count = 0;
  init_code = 0;
  while (fgets(line, sizeof line, file) != nullptr) read_line(line);
  fclose(file);
  return init_code;
}

const char* nvmlErrorString(int error) {
  switch (error) {
    case 9:
      return "Driver Not Loaded";
    case kLostGpu:
      return "GPU is lost";
    default:
      return "Unknown Error";
  }
}

int nvmlSystemGetDriverVersion(char* text, unsigned int size) {
  return copy(text, size, "550.54.15");
}

int nvmlDeviceGetCount_v2(unsigned int* count) {
  *count = 0;
  for (unsigned int i = 0; i < device_count; ++i) *count += devices[i].parent == nullptr ? 1U : 0U;
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, Device** device) {
  for (unsigned int i = 0; i < device_count; ++i) {
    if (devices[i].parent != nullptr || index-- != 0) continue;
    *device = &devices[i];
    return devices[i].lost != 0 ? kLostGpu : 0;
  }
  return 2;
}

int nvmlDeviceGetName(Device* device, char* text, unsigned int size) {
  return copy(text, size, device->name);
}

int nvmlDeviceGetUUID(Device* device, char* text, unsigned int size) {
  return copy(text, size, device->uuid);
}

int nvmlDeviceGetMemoryInfo(Device* device, unsigned long long* memory) {
  memory[0] = device->total;
  memory[1] = device->total - device->used;
  memory[2] = device->used;
  return 0;
}

// A MIG device has neither.
int nvmlDeviceGetUtilizationRates(Device* device, unsigned int* percent) {
  percent[0] = device->percent;
  percent[1] = 0;
  return device->parent != nullptr ? 3 : 0;
}

int nvmlDeviceGetTemperature(Device* device, unsigned int sensor, unsigned int* celsius) {
  *celsius = device->celsius;
  return device->parent != nullptr || sensor != 0 ? 3 : 0;
}

int nvmlDeviceGetComputeRunningProcesses_v3(Device* device, unsigned int* count,
                                            Process* processes) {
  return give(&device->compute, count, processes);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(Device* device, unsigned int* count,
                                             Process* processes) {
  return give(&device->graphics, count, processes);
}

int nvmlDeviceGetMigMode(Device* device, unsigned int* current, unsigned int* pending) {
  *current = *pending = (unsigned int)device->mig_mode;
  return 0;
}

int nvmlDeviceGetMaxMigDeviceCount(Device* device, unsigned int* count) {
  *count = device->mig_mode != 0 ? 7U : 0U;
  return 0;
}

// Numbers 1, 2 ... as after the first MIG device was destroyed.
int nvmlDeviceGetMigDeviceHandleByIndex(Device* device, unsigned int index, Device** mig) {
  for (unsigned int i = 0; i < device_count; ++i) {
    if (devices[i].parent != device) continue;
    if (index-- != 1) continue;
    *mig = &devices[i];
    return 0;
  }
  return 6;
}

}  // extern "C"
