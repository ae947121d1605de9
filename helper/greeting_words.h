// The words of a greeting, in each language; '#' stands for what is filled in.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace labgpu {

struct GreetingWords {
  std::string_view running, running_for, ago;
  std::string_view moment, minute, minutes, hour, hours, day, days;
  std::string_view login, logins;
  std::string_view comma;
  std::string_view gpu_free, gpu_busy, used_by, host;
  std::string_view of, in_use, space, full;
  std::string_view more;
};

inline constexpr GreetingWords kEnglishWords{
    .running = "running",
    .running_for = "running for #",
    .ago = "(as of # ago)",
    .moment = "less than a minute",
    .minute = "1 minute",
    .minutes = "# minutes",
    .hour = "1 hour",
    .hours = "# hours",
    .day = "1 day",
    .days = "# days",
    .login = "1 login",
    .logins = "# logins",
    .comma = ", ",
    .gpu_free = "free",
    .gpu_busy = "#% busy",
    .used_by = "used by #",
    .host = "the server",
    .of = "# of #",
    .in_use = "# in use",
    .space = "#: # of # free",
    .full = "#% FULL",
    .more = "and # more",
};

inline constexpr GreetingWords kChineseWords{
    .running = "运行中",
    .running_for = "已运行 #",
    .ago = "（# 前的数据）",
    .moment = "不到 1 分钟",
    .minute = "1 分钟",
    .minutes = "# 分钟",
    .hour = "1 小时",
    .hours = "# 小时",
    .day = "1 天",
    .days = "# 天",
    .login = "1 个登录",
    .logins = "# 个登录",
    .comma = "，",
    .gpu_free = "空闲",
    .gpu_busy = "占用 #%",
    .used_by = "# 在使用",
    .host = "服务器",
    .of = "# / #",
    .in_use = "已用 #",
    .space = "#：剩余 #，共 #",
    .full = "已满 #%！",
    .more = "另有 # 项",
};

// `pattern` with one value after the other in the place of each '#'.
inline std::string filled(std::string_view pattern,
                          std::initializer_list<std::string_view> values) {
  std::string text;
  const auto* next = values.begin();
  for (char c : pattern) {
    if (c == '#' && next != values.end()) {
      text += *next++;
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace labgpu
