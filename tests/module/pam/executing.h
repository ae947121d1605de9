// What sshd's user child can execute in its login view.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace labgpu::test {

// Executes `words` and returns what it prints, or why it cannot be executed. Not while a helper has
// threads in this process.
std::string output_of(std::vector<std::string> words);

// Runs `look` in a user child of that login, after setcred, and returns what it says.
std::string in_user_child(const char* user, const std::function<std::string()>& look);

}  // namespace labgpu::test
