// One blocking transfer from Docker into a descriptor.
#include "helper/image_export.h"

#include <curl/curl.h>
#include <errno.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <string_view>

#include "helper/docker_json.h"

namespace labgpu {

namespace {

constexpr long kConnectTimeoutMs = 5000;
using Clock = std::chrono::steady_clock;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

struct Transfer {
  CURL* easy;
  int fd;
  ExportWork& work;
  ExportLimits limits;
  int error = 0;             // of write(2)
  std::string refusal = {};  // the beginning of a reply that is no image
  uint64_t written = 0;
  uint64_t looked_at = 0;  // of these, when the pause began
  Clock::time_point since = Clock::now();
  bool too_slow = false;
};

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK) throw std::bad_alloc();
}

bool write_all(Transfer& transfer, std::string_view data) {
  while (!data.empty()) {
    ssize_t count = write(transfer.fd, data.data(), data.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      transfer.error = errno;
      return false;
    }
    data.remove_prefix(static_cast<size_t>(count));
    transfer.work.bytes += static_cast<uint64_t>(count);
    transfer.written += static_cast<uint64_t>(count);
  }
  return true;
}

size_t on_body(char* data, size_t size, size_t count, void* self) {
  constexpr size_t kLongestRefusal = 4096;
  constexpr long kOk = 200;
  auto& transfer = *static_cast<Transfer*>(self);
  std::string_view piece(data, size * count);
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != kOk) {
    transfer.refusal.append(piece.substr(0, kLongestRefusal - transfer.refusal.size()));
    return piece.size();
  }
  return write_all(transfer, piece) ? piece.size() : 0;
}

// libcurl's own limit is an average in whole bytes per second: one a second would pass it for ever.
void look_at_pace(Transfer& transfer) {
  uint64_t least = transfer.looked_at == 0 ? 1 : transfer.limits.least;
  auto patience = transfer.looked_at == 0 ? transfer.limits.first : transfer.limits.pause;
  if (transfer.written - transfer.looked_at >= least) {
    transfer.looked_at = transfer.written;
    transfer.since = Clock::now();
  } else if (Clock::now() - transfer.since > patience) {
    transfer.too_slow = true;
  }
}

// Called about once a second also when nothing comes.
int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(self);
  look_at_pace(transfer);
  return transfer.work.stop || transfer.too_slow ? 1 : 0;
}

Result<void> outcome_of(const Transfer& transfer, CURLcode code) {
  if (transfer.error != 0) return fail_errno("write it", transfer.error);
  if (transfer.work.stop) return fail(ErrorCode::kUnavailable, "labgpud is being stopped");
  if (transfer.too_slow) return fail(ErrorCode::kTimeout, "too little came for too long");
  if (code != CURLE_OK) return fail(ErrorCode::kUnavailable, curl_easy_strerror(code));
  if (transfer.refusal.empty()) return {};
  std::string sentence = docker_sentence(transfer.refusal);
  if (auto reply = parse_docker_json(transfer.refusal, "the reply")) {
    DockerFields(*reply, "the reply").sentence("message", sentence);
  }
  return fail(ErrorCode::kUnavailable, sentence);
}

}  // namespace

Result<void> save_image(const std::string& socket, const std::string& target, int fd,
                        ExportWork& work, ExportLimits limits) {
  std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
  if (!easy) throw std::bad_alloc();
  Transfer transfer{.easy = easy.get(), .fd = fd, .work = work, .limits = limits};
  set(easy.get(), CURLOPT_URL, ("http://localhost" + target).c_str());
  set(easy.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  set(easy.get(), CURLOPT_PROXY, "");
  set(easy.get(), CURLOPT_PROTOCOLS_STR, "http");
  set(easy.get(), CURLOPT_NOSIGNAL, 1L);
  set(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  set(easy.get(), CURLOPT_WRITEFUNCTION, &on_body);
  set(easy.get(), CURLOPT_WRITEDATA, &transfer);
  set(easy.get(), CURLOPT_NOPROGRESS, 0L);
  set(easy.get(), CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(easy.get(), CURLOPT_XFERINFODATA, &transfer);
  CURLcode code = curl_easy_perform(easy.get());
  return outcome_of(transfer, code);
}

}  // namespace labgpu
