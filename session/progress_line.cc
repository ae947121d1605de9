// The line of progress: its text, and the terminal it is drawn on.
#include "session/progress_line.h"

#include <signal.h>
#include <unistd.h>

namespace labgpu {

namespace {

constexpr size_t kUsualColumns = 80;
constexpr size_t kLongestName = 30;
constexpr size_t kBar = 20;
constexpr size_t kShortestBar = 5;
constexpr std::string_view kGap = "  ";

using Part = TextBuffer<48>;

// The last part of the image's path, which tells images of one registry apart.
void add_name(std::string_view image, Part& out) {
  size_t slash = image.rfind('/');
  if (slash != std::string_view::npos) image.remove_prefix(slash + 1);
  bool cut = image.size() > kLongestName;
  if (cut) image.remove_suffix(image.size() - (kLongestName - 3));
  for (const char& c : image) {
    bool printable = c > 0x20 && c < 0x7f;
    out.add(printable ? std::string_view(&c, 1) : std::string_view("?"));
  }
  if (cut) out.add("...");
}

// One decimal, of units of 10^6 or 10^9 bytes, as docker(1) counts.
void add_amount(uint64_t bytes, uint64_t unit, Part& out) {
  uint64_t tenths = bytes / (unit / 10);
  out.add(tenths / 10).add(".").add(tenths % 10);
}

void add_bytes(const Progress& progress, Part& out) {
  constexpr uint64_t kMega = 1000000;
  constexpr uint64_t kGiga = 1000000000;
  if (progress.bytes_done == 0 && progress.bytes == 0) return;
  uint64_t largest = progress.bytes > progress.bytes_done ? progress.bytes : progress.bytes_done;
  uint64_t unit = largest >= kGiga ? kGiga : kMega;
  add_amount(progress.bytes_done, unit, out);
  if (progress.bytes != 0) {
    out.add(" of ");
    add_amount(progress.bytes, unit, out);
  }
  out.add(unit == kGiga ? " GB" : " MB");
}

void add_two_digits(uint64_t number, Part& out) {
  if (number < 10) out.add("0");
  out.add(number);
}

void add_time(uint32_t milliseconds, Part& out) {
  uint64_t seconds = milliseconds / 1000;
  uint64_t minutes = seconds / 60;
  if (minutes >= 60) {
    out.add(minutes / 60).add(":");
    add_two_digits(minutes % 60, out);
  } else {
    out.add(minutes);
  }
  out.add(":");
  add_two_digits(seconds % 60, out);
}

// How many of `cells` are full: by bytes where they are known, else by layers.
size_t filled(const Progress& progress, size_t cells) {
  uint64_t done = progress.bytes != 0 ? progress.bytes_done : progress.layers_done;
  uint64_t all = progress.bytes != 0 ? progress.bytes : progress.layers;
  if (done >= all) return all == 0 ? 0 : cells;
  // By division first: the product might not fit.
  return all >= cells ? static_cast<size_t>(done / (all / cells)) : done * cells / all;
}

void add_bar(const Progress& progress, size_t cells, LineBuffer& out) {
  size_t full = filled(progress, cells);
  out.add("[");
  for (size_t i = 0; i < cells; ++i) out.add(i < full ? "#" : ".");
  out.add("]").add(kGap);
}

void add_layers(const Progress& progress, Part& out) {
  if (progress.layers == 0) return;
  out.add(uint64_t{progress.layers_done}).add("/").add(uint64_t{progress.layers}).add(" layers");
}

size_t gapped(const Part& part) {
  return part.view().empty() ? 0 : part.view().size() + kGap.size();
}

void add_gapped(const Part& part, LineBuffer& out) {
  if (!part.view().empty()) out.add(part.view()).add(kGap);
}

void format_fetch(const Progress& progress, size_t room, LineBuffer& out) {
  bool unpacking = progress.phase == static_cast<uint8_t>(ProgressPhase::kUnpacking);
  Part what;
  Part layers;
  Part bytes;
  Part time;
  what.add(unpacking ? "unpacking " : "fetching ");
  add_name(progress.image, what);
  add_layers(progress, layers);
  add_bytes(progress, bytes);
  add_time(progress.elapsed_ms, time);

  size_t used = gapped(what) + time.view().size();
  if (used > room) return;
  bool has_layers = used + gapped(layers) <= room;
  if (has_layers) used += gapped(layers);
  bool has_bytes = used + gapped(bytes) <= room;
  if (has_bytes) used += gapped(bytes);
  constexpr size_t kFrame = 2 + kGap.size();
  size_t bar = room > used + kFrame ? room - used - kFrame : 0;

  add_gapped(what, out);
  if (has_layers) add_gapped(layers, out);
  if (bar >= kShortestBar && progress.layers != 0) add_bar(progress, bar < kBar ? bar : kBar, out);
  if (has_bytes) add_gapped(bytes, out);
  out.add(time.view());
}

void format_start(const Progress& progress, size_t room, LineBuffer& out) {
  constexpr std::string_view kStarting = "starting your container";
  Part time;
  add_time(progress.elapsed_ms, time);
  if (kStarting.size() + kGap.size() + time.view().size() > room) return;
  out.add(kStarting).add(kGap).add(time.view());
}

void write_all(std::string_view text) {
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

// Only functions that a handler may call (signal-safety(7)). The signal comes again, with its usual
// effect, when this returns.
void on_interrupt(int) {
  write_all("\nlabgpu: the work goes on; log in again later\n");
  raise(SIGINT);
}

void set_interrupt(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
}

size_t terminal_columns() {
  winsize size{};
  bool known = tty_ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return known ? size.ws_col : kUsualColumns;
}

}  // namespace

void format_progress(const Progress& progress, size_t columns, LineBuffer& out) {
  size_t room = columns > 0 ? columns - 1 : 0;
  if (room > kLongestLine) room = kLongestLine;
  if (progress.phase == static_cast<uint8_t>(ProgressPhase::kStarting)) {
    format_start(progress, room, out);
  } else {
    format_fetch(progress, room, out);
  }
}

// What is typed meanwhile is for the shell, which shows it; here it would tear the line.
void ProgressLine::begin() {
  shown_ = tty_ioctl(STDIN_FILENO, TCGETS2, &modes_) == 0;
  if (!shown_) return;
  was_shown_ = true;
  termios2 quiet = modes_;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
  tty_ioctl(STDIN_FILENO, TCSETS2, &quiet);
  set_interrupt(on_interrupt);
}

void ProgressLine::show(const Progress& progress) {
  bool starting = progress.phase == static_cast<uint8_t>(ProgressPhase::kStarting);
  if (!shown_ && starting && progress.elapsed_ms < kQuietMs) return;
  if (!shown_) begin();
  if (!shown_) return;
  LineBuffer line;
  format_progress(progress, terminal_columns(), line);
  draw(line.view());
}

// Spaces over the rest, because not every terminal knows a sequence that clears it.
void ProgressLine::draw(std::string_view text) {
  TextBuffer<2 * kLongestLine + 2> out;
  out.add("\r").add(text);
  // A window that was made narrower would wrap the spaces onto the next line.
  size_t columns = terminal_columns();
  if (width_ >= columns) width_ = columns - 1;
  for (size_t column = text.size(); column < width_; ++column) out.add(" ");
  if (text.empty()) out.add("\r");
  write_all(out.view());
  width_ = text.size();
}

void ProgressLine::clear() {
  if (!shown_) return;
  draw("");
  set_interrupt(SIG_DFL);
  tty_ioctl(STDIN_FILENO, TCSETS2, &modes_);
  shown_ = false;
}

}  // namespace labgpu
