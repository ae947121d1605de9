// Every packet that crosses a labgpu socket, a struct each. docs/PROTOCOL.md describes them in
// prose.
//
// A struct names its fields once, in visit(), which encodes with a FieldWriter and decodes with a
// FieldReader. Texts borrow: from the caller when sent, from the receive buffer when received.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

#include "common/wire.h"

namespace labgpu {

// What this build speaks. A peer with another version is answered kVersion and hung up on.
inline constexpr uint16_t kProtocolVersion = 1;

// A command line may be 128 KiB (the kernel's limit for one argument, execve(2) MAX_ARG_STRLEN);
// with an environment it must still fit the kernel's default socket buffer of 208 KiB
// (wmem_default).
inline constexpr size_t kMaxPacket = size_t{192} * 1024;
// Enough for every message of the PAM module, whose callers may run on small stacks.
inline constexpr size_t kSmallPacket = 4096;
// No message carries more descriptors than this.
inline constexpr size_t kMaxFds = 3;

enum class MessageType : uint16_t {
  kHello = 1,
  kFailure = 2,
  kCheckAccount = 10,
  kAccountVerdict = 11,
  kOpenSession = 12,
  kSessionOpened = 13,
  kCheckPassword = 14,
  kPasswordAccepted = 15,
  kChangePassword = 16,
  kAttach = 20,
  kProgress = 21,
  kAttached = 22,
  kManage = 23,
  kManaged = 24,
  kNotice = 30,
  kIdentity = 40,
  kStart = 41,
  kStarted = 42,
  kExited = 43,
  kSignal = 44,
  kGreet = 50,
  kGreeting = 51,
};

// Why a request failed, for programs; the sentence beside it is for people.
enum class FailureCode : uint16_t {
  kVersion = 1,      // the peer speaks no version we know
  kNotAllowed = 2,   // the sender may not ask this
  kNoAccount = 3,    // labgpu does not manage that name
  kUnavailable = 4,  // the container cannot be had now (Docker down, registry away, …)
  kNotYet = 5,       // it takes longer than the caller may wait; the work goes on
  kInvalid = 6,      // the request makes no sense, or a setting: the image is nowhere, …
  kSystem = 7,       // a system call failed
  kWrongPassword = 8,
  kTooManyAttempts = 9,  // too many wrong passwords in a short time
};

// First packet in each direction of every connection.
struct Hello {
  static constexpr MessageType kType = MessageType::kHello;
  uint16_t version = kProtocolVersion;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u16(m.version);
  }
};

// Answers any request that failed; the sentence is complete and fit to be shown to the user.
struct Failure {
  static constexpr MessageType kType = MessageType::kFailure;
  uint16_t code = 0;  // a FailureCode
  std::string_view sentence;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u16(m.code) && c.text(m.sentence);
  }
};

// Whose account a login is for, as PAM found it (common/account_owner.h).
enum class AccountOrigin : uint8_t {
  kLabgpu = 0,  // one of labgpu's own; what is known of it the helper knows
  kHost = 1,    // the host's, and a member of a bridge group
};

// What the host's name service says of an account that is not labgpu's own; a part of PAM's
// requests; empty for one that is.
struct HostAccount {
  uint8_t origin = 0;  // an AccountOrigin
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string_view group;  // the name of the primary group; may be empty
  std::string_view home;
  std::string_view real_name;
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.origin) && c.u32(m.uid) && c.u32(m.gid) && c.text(m.group) && c.text(m.home) &&
           c.text(m.real_name);
  }
};

// PAM module to helper: may this account log in now?
struct CheckAccount {
  static constexpr MessageType kType = MessageType::kCheckAccount;
  std::string_view user;
  std::string_view remote_host;
  HostAccount host{};
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.text(m.user) && c.text(m.remote_host) && HostAccount::visit(m.host, c);
  }
};

struct AccountVerdict {
  static constexpr MessageType kType = MessageType::kAccountVerdict;
  uint8_t allowed = 0;          // 1: yes
  uint8_t change_password = 0;  // 1: the password has to be changed before it opens a session
  std::string_view sentence;    // why not; empty when allowed
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.allowed) && c.u8(m.change_password) && c.text(m.sentence);
  }
};

// PAM module to helper: a login begins. The session lasts as long as this connection.
struct OpenSession {
  static constexpr MessageType kType = MessageType::kOpenSession;
  std::string_view user;
  std::string_view remote_host;
  HostAccount host{};
  uint32_t wait_ms = 0;  // how long the module waits for the container before it goes on detached
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.text(m.user) && c.text(m.remote_host) && HostAccount::visit(m.host, c) &&
           c.u32(m.wait_ms);
  }
};

// With ready = 1 it carries three descriptors: the container's net and uts namespaces and an O_PATH
// descriptor of the host directory that is the container's /tmp. With ready = 0 it carries none,
// and the login goes on in empty namespaces; the session command will say what is the matter.
struct SessionOpened {
  static constexpr MessageType kType = MessageType::kSessionOpened;
  uint8_t ready = 0;
  uint64_t session = 0;  // the helper's number for this login, for logs
  [[nodiscard]] size_t fd_count() const { return ready == 1 ? 3 : 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.ready) && c.u64(m.session);
  }
};

// PAM module to helper: may the password of that account be changed, and is the old one right?
struct CheckPassword {
  static constexpr MessageType kType = MessageType::kCheckPassword;
  std::string_view user;
  uint8_t by_root = 0;  // 1: root changes it, and need not know the old one
  std::string_view old_password;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.text(m.user) && c.u8(m.by_root) && c.text(m.old_password);
  }
};

// To both of the requests about passwords: the old one is right; the new one counts.
struct PasswordAccepted {
  static constexpr MessageType kType = MessageType::kPasswordAccepted;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self&, Codec& c) {
    return c.ok();
  }
};

// PAM module to helper: this is the new password. The old one is checked again.
struct ChangePassword {
  static constexpr MessageType kType = MessageType::kChangePassword;
  std::string_view user;
  uint8_t by_root = 0;
  std::string_view old_password;
  std::string_view new_password;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.text(m.user) && c.u8(m.by_root) && c.text(m.old_password) && c.text(m.new_password);
  }
};

// Session command to helper: connect me to my container's init. Who "me" is, the kernel says.
struct Attach {
  static constexpr MessageType kType = MessageType::kAttach;
  // 1: a person is looking, who decides for how long to wait; 0: a program, for which the server
  // sets the limit.
  uint8_t wants_progress = 0;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.wants_progress);
  }
};

// What a login waits for.
enum class ProgressPhase : uint8_t {
  kStarting = 0,   // the container is made and started
  kFetching = 1,   // the image's layers are downloaded
  kUnpacking = 2,  // all of them are here and are unpacked
};

// Helper to session command, any number of times before Attached. Numbers and not a text, because
// how they look is a matter of the terminal.
struct Progress {
  static constexpr MessageType kType = MessageType::kProgress;
  uint8_t phase = 0;       // a ProgressPhase
  std::string_view image;  // as the settings name it; empty while starting
  uint32_t layers_done = 0;
  uint32_t layers = 0;
  uint64_t bytes_done = 0;  // of this phase
  uint64_t bytes = 0;       // 0: not known yet
  uint32_t elapsed_ms = 0;  // since the work began, which may be before this login
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.phase) && c.text(m.image) && c.u32(m.layers_done) && c.u32(m.layers) &&
           c.u64(m.bytes_done) && c.u64(m.bytes) && c.u32(m.elapsed_ms);
  }
};

// Helper to session command, before Attached and only where a person looks (wants_progress): what
// happened to the container since the last login.
struct Notice {
  static constexpr MessageType kType = MessageType::kNotice;
  std::string_view sentence;  // complete and fit to be shown to the user
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.text(m.sentence);
  }
};

// Carries one descriptor: a connection to the container's init on which the helper has already sent
// Hello and Identity.
struct Attached {
  static constexpr MessageType kType = MessageType::kAttached;
  [[nodiscard]] size_t fd_count() const { return 1; }
  template <typename Self, typename Codec>
  static bool visit(Self&, Codec& c) {
    return c.ok();
  }
};

// Session command to helper: connect me to the administration, for the account that I am of.
struct Manage {
  static constexpr MessageType kType = MessageType::kManage;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self&, Codec& c) {
    return c.ok();
  }
};

// Carries one descriptor: a connection to the helper's Varlink service, with the rights that the
// account's owner has there.
struct Managed {
  static constexpr MessageType kType = MessageType::kManaged;
  // Where labgpu-self finds it.
  static constexpr int kDescriptor = 3;
  [[nodiscard]] size_t fd_count() const { return 1; }
  template <typename Self, typename Codec>
  static bool visit(Self&, Codec& c) {
    return c.ok();
  }
};

// How a greeting is worded: as the locale says that sshd took from the client.
enum class GreetingLanguage : uint8_t {
  kAsciiEnglish = 0,  // for every locale that is not UTF-8, and none
  kEnglish = 1,
  kChinese = 2,
};

// Session command to helper: what is a person told who has logged in?
struct Greet {
  static constexpr MessageType kType = MessageType::kGreet;
  uint8_t language = 0;  // a GreetingLanguage
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.language);
  }
};

struct Greeting {
  static constexpr MessageType kType = MessageType::kGreeting;
  static constexpr size_t kMaxText = size_t{16} * 1024;
  std::string_view text;  // whole lines, fit for a terminal; empty: nothing
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.text(m.text);
  }
};

// Helper to init: whom the next Start is for. Sent before the session command gets the connection.
struct Identity {
  static constexpr MessageType kType = MessageType::kIdentity;
  // Longer homes are refused: init keeps one for each of many connections.
  static constexpr size_t kMaxHome = 255;
  std::string_view user;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string_view group;  // the name of the group with that gid
  std::string_view home;
  uint8_t login_as_root = 0;  // 1: the command runs as the container's root
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.text(m.user) && c.u32(m.uid) && c.u32(m.gid) && c.text(m.group) && c.text(m.home) &&
           c.u8(m.login_as_root);
  }
};

// Session command to init: run this. Without a terminal it carries three descriptors, the command's
// stdin, stdout and stderr; with one it carries none, and init opens a terminal of the container.
struct Start {
  static constexpr MessageType kType = MessageType::kStart;
  // The kernel's limit for input that nobody has read (drivers/tty/n_tty.c, N_TTY_BUF_SIZE).
  static constexpr size_t kMaxTyped = 4096;
  uint8_t terminal = 0;
  uint8_t login_shell = 0;   // 1: no command, an interactive login shell
  std::string_view command;  // for `shell -c`; empty with login_shell
  TextList environment;      // NAME=VALUE each
  uint16_t rows = 0;         // the four of TIOCGWINSZ
  uint16_t columns = 0;
  uint16_t width_pixels = 0;
  uint16_t height_pixels = 0;
  Bytes modes;  // struct termios2 of the client's terminal as the kernel lays it out; may be empty
  Bytes typed;  // before the session command listened
  uint8_t echoed = 1;  // 1: sshd's terminal has shown what was typed; 0: it was not to be seen yet
  uint16_t umask = 022;  // as PAM set it for the login
  [[nodiscard]] size_t fd_count() const { return terminal == 1 ? 0 : 3; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.terminal) && c.u8(m.login_shell) && c.text(m.command) && c.texts(m.environment) &&
           c.u16(m.rows) && c.u16(m.columns) && c.u16(m.width_pixels) && c.u16(m.height_pixels) &&
           c.bytes(m.modes) && c.bytes(m.typed) && c.u8(m.echoed) && c.u16(m.umask);
  }
};

// Init to session command: it runs. With a terminal it carries the terminal's master side.
struct Started {
  static constexpr MessageType kType = MessageType::kStarted;
  uint8_t terminal = 0;
  [[nodiscard]] size_t fd_count() const { return terminal == 1 ? 1 : 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.terminal);
  }
};

// Init to session command, the last packet: how the command ended.
struct Exited {
  static constexpr MessageType kType = MessageType::kExited;
  uint8_t by_signal = 0;  // 1: value is a signal number; 0: value is an exit status
  uint8_t value = 0;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.by_signal) && c.u8(m.value);
  }
};

// Session command to init: send this signal to the command's process group.
struct Signal {
  static constexpr MessageType kType = MessageType::kSignal;
  uint8_t number = 0;
  [[nodiscard]] size_t fd_count() const { return 0; }
  template <typename Self, typename Codec>
  static bool visit(Self& m, Codec& c) {
    return c.u8(m.number);
  }
};

}  // namespace labgpu
