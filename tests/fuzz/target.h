// What every fuzz target has: one input, any bytes, and promises that hold whatever they are.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// libFuzzer's entry point (https://llvm.org/docs/LibFuzzer.html).
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace labgpu::test {

// Ends the process when a promise does not hold; libFuzzer keeps the input then.
inline void promise(bool kept, const char* what) {
  if (kept) return;
  fprintf(stderr, "this does not hold: %s\n", what);
  abort();
}

}  // namespace labgpu::test
