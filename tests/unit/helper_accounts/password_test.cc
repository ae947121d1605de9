// Password hashes, checked the way pam_unix does: by crypt(3).
#include "helper/password.h"

#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace labgpu {
namespace {

std::string crypt_text(const std::string& password, const std::string& setting) {
  crypt_data work{};
  const char* hash = crypt_r(password.c_str(), setting.c_str(), &work);
  return hash == nullptr ? "" : hash;
}

bool verifies(const std::string& password, const std::string& hash) {
  return hash == crypt_text(password, hash);
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

TEST(Password, IsVerifiedAgainstItsOwnHashAlone) {
  auto hash = hash_password("geheim").value();
  EXPECT_TRUE(verify_password("geheim", hash));
  EXPECT_FALSE(verify_password("geheim ", hash));
  EXPECT_FALSE(verify_password("", hash));
  // As other programs make them.
  EXPECT_TRUE(verify_password("geheim", crypt_text("geheim", "$6$saltsalt")));
  for (const std::string& other : {std::string(), std::string("*"), "!" + hash, hash + "x",
                                   hash.substr(0, 20), std::string("$y$"), std::string("geheim")}) {
    EXPECT_FALSE(verify_password("geheim", other)) << other;
  }
}

TEST(Password, GeneratedOnesDifferAndAreTyped) {
  std::set<std::string> made;
  std::set<char> seen;
  for (int i = 0; i < 200; ++i) {
    Secret password(std::nullopt);
    ASSERT_TRUE(generate_password(password));
    EXPECT_THAT(*password.text, testing::MatchesRegex("([a-z2-9]{4}-){3}[a-z2-9]{4}"));
    seen.insert(password.text->begin(), password.text->end());
    made.insert(*password.text);
  }
  EXPECT_EQ(made.size(), 200U);
  EXPECT_EQ(seen.size(), 31U + 1) << "every character and the hyphen";
  for (char alike : {'i', 'l', 'o', '0', '1'}) EXPECT_FALSE(seen.contains(alike));
}

TEST(Password, IsNotGeneratedInPlaceOfAGivenOne) {
  Secret given("mine");
  auto made = generate_password(given);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(given.text, "mine");
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
