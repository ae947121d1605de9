// Measures what NSS look-ups cost through glibc: in `files` with 50 lines, in `files` with all
// accounts, in libnss-extrausers and in labgpu. usage: nss_bench DIRECTORY ACCOUNTS...
//
// Each source is measured in a process of its own, because a process keeps the modules that it has
// loaded. A figure is the processor's time, the kernel's share included, in the best of many short
// rounds: nothing here waits, and what disturbs only ever adds. All sources have their turn several
// times, because a machine is faster for some seconds and slower for others. Who is looked up goes
// evenly through the table.
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "common/parse.h"
#include "tests/bench/nss/tables.h"

namespace labgpu::bench {
namespace {

constexpr int kTurns = 5;
constexpr uint32_t kChosen = 64;  // how many different ones are looked up

// Who is asked for: one of the server's own accounts or one of the many.
enum class Whom { kHost, kMany, kNobody };

struct Source {
  const char* title;
  const char* services;  // of nsswitch.conf(5)
  bool many_in_files;
  Whom whom;
};

constexpr Source kSources[] = {
    {"files, 50", "files", false, Whom::kHost},
    {"files, all", "files", true, Whom::kMany},
    {"extrausers", "extrausers", false, Whom::kMany},
    {"labgpu", "labgpu", false, Whom::kMany},
    {"files extrausers", "files extrausers", false, Whom::kMany},
    {"files labgpu", "files labgpu", false, Whom::kMany},
};
constexpr size_t kSourceCount = std::size(kSources);

constexpr const char* kRows[] = {"getpwnam",          "getpwuid",         "getgrouplist",
                                 "getpwent, all",     "getpwnam, nobody", "getpwuid, nobody",
                                 "getgrouplist, host"};
constexpr size_t kRowCount = std::size(kRows);

using Figures = std::array<double, kRowCount>;  // microseconds of a call; 0: makes no sense

[[noreturn]] void wrong_answer(const char* call) {
  fprintf(stderr, "nss_bench: %s gave a wrong answer\n", call);
  _exit(1);
}

// What this process has used of a processor, in microseconds.
double used_time() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// The time of one call, in microseconds. `call` gets numbers that rise by one.
double measure(const std::function<void(uint32_t)>& call) {
  constexpr int kRounds = 30;
  constexpr double kRound = 2e3;
  uint32_t next = 0;
  double best = 0;
  double all = 0;
  // Slow calls get fewer rounds, but two.
  for (int round = 0; round < kRounds && (round < 2 || all < 20 * kRound * kRounds); ++round) {
    const double begun = used_time();
    uint32_t calls = 0;
    double used = 0;
    do {
      for (uint32_t i = 0; i < kChosen; ++i, ++calls) call(next++);
      used = used_time() - begun;
    } while (used < kRound);
    all += used;
    if (round == 0 || used / calls < best) best = used / calls;
  }
  return best;
}

struct Person {
  std::string name;
  uint32_t id;
};

// Some of them, evenly spread over the table from its first line to its last.
std::vector<Person> people(Whom whom, uint32_t accounts) {
  std::vector<Person> chosen;
  for (uint32_t i = 0; i < kChosen; ++i) {
    if (whom == Whom::kHost) {
      const uint32_t n = i * (kHostAccounts - 1) / (kChosen - 1);
      chosen.push_back({host_name(n), n == 0 ? 0 : kFirstHostId + n});
    } else if (whom == Whom::kMany) {
      const auto n = static_cast<uint32_t>(uint64_t{i} * (accounts - 1) / (kChosen - 1));
      chosen.push_back({user_name(n), kFirstId + n});
    } else {
      chosen.push_back({"nobody-there-" + std::to_string(i), 3000000000U + i});
    }
  }
  return chosen;
}

double measure_names(const std::vector<Person>& chosen, bool exist) {
  return measure([&](uint32_t i) {
    const Person& person = chosen[i % chosen.size()];
    const passwd* entry = getpwnam(person.name.c_str());
    if ((entry != nullptr) != exist || (exist && entry->pw_uid != person.id)) {
      wrong_answer("getpwnam");
    }
  });
}

double measure_ids(const std::vector<Person>& chosen, bool exist) {
  return measure([&](uint32_t i) {
    const Person& person = chosen[i % chosen.size()];
    const passwd* entry = getpwuid(person.id);
    if ((entry != nullptr) != exist || (exist && entry->pw_name != person.name)) {
      wrong_answer("getpwuid");
    }
  });
}

double measure_groups(const std::vector<Person>& chosen, int groups) {
  return measure([&](uint32_t i) {
    const Person& person = chosen[i % chosen.size()];
    gid_t found[16];
    int count = static_cast<int>(std::size(found));
    if (getgrouplist(person.name.c_str(), person.id, found, &count) < 0 || count != groups) {
      wrong_answer("getgrouplist");
    }
  });
}

double measure_walk(uint32_t entries) {
  constexpr int kRounds = 2;
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double begun = used_time();
    uint32_t count = 0;
    setpwent();
    while (getpwent() != nullptr) ++count;
    endpwent();
    if (count != entries) wrong_answer("getpwent");
    const double used = used_time() - begun;
    if (round == 0 || used < best) best = used;
  }
  return best;
}

Figures measure_source(const Source& source, uint32_t accounts) {
  for (const char* database : {"passwd", "group"}) {
    if (__nss_configure_lookup(database, source.services) != 0) wrong_answer("configure");
  }
  const bool has_host = strstr(source.services, "files") != nullptr;
  const bool has_many = source.whom == Whom::kMany;
  const auto chosen = people(source.whom, accounts);
  const auto nobody = people(Whom::kNobody, accounts);
  return {measure_names(chosen, true),
          measure_ids(chosen, true),
          measure_groups(chosen, has_many ? 2 : 1),
          measure_walk((has_host ? kHostAccounts : 0) + (has_many ? accounts : 0)),
          measure_names(nobody, false),
          measure_ids(nobody, false),
          has_host ? measure_groups(people(Whom::kHost, accounts), 1) : 0};
}

// In a child, which hands the figures over in `shared`. `best` becomes the best of all turns.
void measure_in_child(const Source& source, uint32_t accounts, Figures& shared, Figures& best) {
  write_host_files(source.many_in_files ? accounts : 0);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    shared = measure_source(source, accounts);
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    fprintf(stderr, "nss_bench: %s could not be measured\n", source.title);
    exit(1);
  }
  for (size_t row = 0; row < kRowCount; ++row) {
    if (best[row] == 0 || shared[row] < best[row]) best[row] = shared[row];
  }
}

// The last column is labgpu on a server, beside `files` with the server's own accounts.
void print(uint32_t accounts, const std::array<Figures, kSourceCount>& figures) {
  printf("\n%u accounts; microseconds of a call\n%-19s", accounts, "");
  for (const Source& source : kSources) printf(" %16s", source.title);
  printf(" %16s %16s\n", "labgpu : 50", "with labgpu : 50");
  for (size_t row = 0; row < kRowCount; ++row) {
    printf("%-19s", kRows[row]);
    for (const Figures& column : figures) {
      if (column[row] == 0) {
        printf(" %16s", "-");
      } else {
        printf(" %16.2f", column[row]);
      }
    }
    const double base = figures[0][row];
    const double alone = figures[3][row];
    if (alone == 0) {
      printf(" %16s", "-");
    } else {
      printf(" %16.2f", alone / base);
    }
    printf(" %16.2f\n", figures[5][row] / base);
  }
}

}  // namespace
}  // namespace labgpu::bench

int main(int argc, char** argv) {
  using namespace labgpu::bench;
  if (argc < 3) {
    fprintf(stderr, "usage: nss_bench DIRECTORY ACCOUNTS...\n");
    return 2;
  }
  make_files_private(argv[1]);
  void* memory =
      mmap(nullptr, sizeof(Figures), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  auto& shared = *static_cast<Figures*>(memory);
  for (int i = 2; i < argc; ++i) {
    uint32_t accounts = 0;
    if (!labgpu::parse_u32(argv[i], accounts) || accounts == 0 || accounts > 1000000) {
      fprintf(stderr, "nss_bench: a number of accounts is from 1 to 1000000, not %s\n", argv[i]);
      return 2;
    }
    write_extrausers(accounts);
    write_index_files(accounts);
    std::array<Figures, kSourceCount> figures{};
    for (int turn = 0; turn < kTurns; ++turn) {
      for (size_t source = 0; source < kSourceCount; ++source) {
        measure_in_child(kSources[source], accounts, shared, figures[source]);
      }
    }
    print(accounts, figures);
  }
  return 0;
}
