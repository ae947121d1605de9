// Bounded reading and writing of the fields that labgpu's packets are made of.
//
// Encoding (docs/PROTOCOL.md): integers are little-endian; a text is a u32 byte count and the
// bytes, which never hold NUL; a list of texts is a u32 count of texts and the texts; bytes are a
// u32 count and any bytes. Both classes fail once and stay failed, so callers may check only at the
// end. No allocation; nothing here throws; values read borrow from the buffer.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <span>
#include <string_view>

namespace labgpu {

using Bytes = std::span<const unsigned char>;

// A list of texts in its encoded form: borrowed, walked with next().
class TextList {
 public:
  TextList() = default;
  TextList(uint32_t count, Bytes encoded) : count_(count), encoded_(encoded) {}
  [[nodiscard]] uint32_t size() const { return count_; }
  [[nodiscard]] Bytes encoded() const { return encoded_; }
  // Takes the first text off the list into `text`; false when there is none left.
  bool next(std::string_view& text);

 private:
  uint32_t count_ = 0;
  Bytes encoded_;
};

// Writes fields into a caller's buffer. A field that does not fit, or a text with a NUL in it,
// fails.
class FieldWriter {
 public:
  explicit FieldWriter(std::span<unsigned char> buffer) : buffer_(buffer) {}
  bool u8(uint8_t value) { return integer(value, 1); }
  bool u16(uint16_t value) { return integer(value, 2); }
  bool u32(uint32_t value) { return integer(value, 4); }
  bool u64(uint64_t value) { return integer(value, 8); }
  bool text(std::string_view value);
  bool bytes(Bytes value);
  bool texts(const TextList& value);

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] Bytes written() const { return buffer_.first(used_); }

 private:
  bool integer(uint64_t value, size_t size);
  bool raw(const void* data, size_t size);
  std::span<unsigned char> buffer_;
  size_t used_ = 0;
  bool ok_ = true;
};

// Reads fields from a received packet. Truncated input, an over-long count or a NUL in a text
// fails.
class FieldReader {
 public:
  explicit FieldReader(Bytes buffer) : rest_(buffer) {}
  bool u8(uint8_t& value) { return integer(value); }
  bool u16(uint16_t& value) { return integer(value); }
  bool u32(uint32_t& value) { return integer(value); }
  bool u64(uint64_t& value) { return integer(value); }
  bool text(std::string_view& value);
  bool bytes(Bytes& value);
  bool texts(TextList& value);

  [[nodiscard]] bool ok() const { return ok_; }
  // True when every field was read and nothing is left over.
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }

 private:
  template <typename Integer>
  bool integer(Integer& value);
  bool take(size_t size, Bytes& taken);
  bool fail() {
    ok_ = false;
    return false;
  }
  Bytes rest_;
  bool ok_ = true;
};

// Builds a TextList in a caller's buffer. A text that does not fit or holds a NUL is refused, and
// the list stays as it was.
class TextListBuilder {
 public:
  explicit TextListBuilder(std::span<unsigned char> buffer) : buffer_(buffer) {}
  bool add(std::string_view text);
  [[nodiscard]] TextList list() const { return TextList(count_, buffer_.first(used_)); }

 private:
  std::span<unsigned char> buffer_;
  size_t used_ = 0;
  uint32_t count_ = 0;
};

}  // namespace labgpu
