// Writes cdb files with any records, also such as labgpu's own writer would never write.
#pragma once

#include <cdb.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace labgpu::test {

using Records = std::vector<std::pair<std::string, std::string>>;

inline void write_cdb(const std::string& path, const Records& records) {
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  ASSERT_GE(fd, 0) << path;
  cdb_make cdb{};
  ASSERT_EQ(cdb_make_start(&cdb, fd), 0);
  for (const auto& [key, value] : records) {
    ASSERT_EQ(cdb_make_add(&cdb, key.data(), static_cast<unsigned>(key.size()), value.data(),
                           static_cast<unsigned>(value.size())),
              0);
  }
  ASSERT_EQ(cdb_make_finish(&cdb), 0);
  ASSERT_EQ(close(fd), 0);
}

}  // namespace labgpu::test
