// Password hashes, checked the way pam_unix does: by crypt(3).
#include "helper/password.h"

#include <crypt.h>
#include <gtest/gtest.h>

namespace labgpu {
namespace {

bool verifies(const std::string& password, const std::string& hash) {
  crypt_data work{};
  const char* again = crypt_r(password.c_str(), hash.c_str(), &work);
  return again != nullptr && hash == again;
}

TEST(Password, HashVerifies) {
  for (const std::string password : {"secret", "пароль 密码", "x", "with : and $"}) {
    auto hash = hash_password(password);
    ASSERT_TRUE(hash) << hash.error().message;
    EXPECT_EQ(hash->substr(0, 3), "$y$");
    EXPECT_TRUE(verifies(password, *hash));
    EXPECT_FALSE(verifies(password + "x", *hash));
  }
}

TEST(Password, SaltDiffersEachTime) {
  EXPECT_NE(hash_password("a").value(), hash_password("a").value());
}

TEST(Password, LongestIs511Bytes) {
  auto hash = hash_password(std::string(511, 'a'));
  ASSERT_TRUE(hash);
  EXPECT_TRUE(verifies(std::string(511, 'a'), *hash));
  EXPECT_FALSE(verifies(std::string(510, 'a'), *hash));
  EXPECT_FALSE(hash_password(std::string(512, 'a')));
}

TEST(Password, WhatNobodyCanTypeIsRefused) {
  for (const std::string& bad :
       {std::string(), std::string("a\nb"), std::string("a\r"), std::string("a\0b", 3)}) {
    auto hash = hash_password(bad);
    ASSERT_FALSE(hash);
    EXPECT_EQ(hash.error().code, ErrorCode::kInvalid);
  }
}

TEST(Password, WipedTextIsEmpty) {
  std::string secret(100, 's');
  const char* memory = secret.data();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(std::string(memory, 100).find('s'), std::string::npos);
}

}  // namespace
}  // namespace labgpu
