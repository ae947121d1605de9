// What the helper says of an account and of a container, for the tests of commands that print it.
#pragma once

#include <stdlib.h>
#include <time.h>

#include <nlohmann/json.hpp>
#include <string>

namespace labgpu {

inline nlohmann::json alice() {
  return {{"name", "alice"},
          {"realName", "爱丽丝"},
          {"uid", 20001},
          {"gid", 20001},
          {"home", "/home/alice"},
          {"locked", false},
          {"hasPassword", false},
          {"origin", "labgpu"},
          {"keys",
           {{{"fingerprint", "SHA256:abc"},
             {"type", "ssh-ed25519"},
             {"comment", "a@b"},
             {"line", "x"}}}},
          {"overrides", {{"image", "cuda:12"}}},
          {"profile", "phd"},
          {"settings", {{"image", "cuda:12"}, {"gpus", "all"}}},
          {"view",
           {{{"key", "image"}, {"value", "cuda:12"}, {"origin", "user"}},
            {{"key", "mounts"}, {"value", "/data:/d:ro"}, {"origin", "default"}},
            {{"key", "gpus"}, {"value", "all"}, {"origin", "profile"}}}}};
}

inline nlohmann::json container(const std::string& state) {
  return {{"user", "alice"},
          {"name", "alice_container"},
          {"id", "0123"},
          {"state", state},
          {"image", "cuda:12"},
          {"startedAt", "2025-05-20T12:03:04.5Z"},
          {"address", "172.17.0.2"},
          {"sessions", 3},
          {"ports", nlohmann::json::array()},
          {"needsRebuild", nlohmann::json::array()},
          {"pending", nlohmann::json::array()}};
}

inline nlohmann::json alices_password(bool change_now) {
  auto user = alice();
  user["hasPassword"] = true;
  user["passwordChangeNow"] = change_now;
  return {{"user", user}};
}

inline nlohmann::json generated() {
  auto parameters = alices_password(true);
  parameters["generatedPassword"] = "abcd-efgh-jkmn-pqrs";
  return parameters;
}

// In which the command tells times.
inline void set_zone(const char* zone) {
  setenv("TZ", zone, 1);
  tzset();
}

}  // namespace labgpu
