// Bounded reading and writing of packet fields.
#include "common/wire.h"

#include <string.h>

namespace labgpu {

namespace {

bool has_nul(const void* data, size_t size) { return size > 0 && memchr(data, 0, size) != nullptr; }

}  // namespace

bool TextList::next(std::string_view& text) {
  if (count_ == 0) return false;
  FieldReader reader(encoded_);
  if (!reader.text(text)) return false;
  encoded_ = encoded_.subspan(4 + text.size());
  --count_;
  return true;
}

bool FieldWriter::raw(const void* data, size_t size) {
  if (!ok_ || size > buffer_.size() - used_) {
    ok_ = false;
    return false;
  }
  if (size > 0) memcpy(buffer_.data() + used_, data, size);
  used_ += size;
  return true;
}

bool FieldWriter::integer(uint64_t value, size_t size) {
  unsigned char little_endian[8];
  for (size_t i = 0; i < size; ++i) little_endian[i] = static_cast<unsigned char>(value >> (8 * i));
  return raw(little_endian, size);
}

bool FieldWriter::bytes(Bytes value) {
  if (value.size() > UINT32_MAX) {
    ok_ = false;
    return false;
  }
  return u32(static_cast<uint32_t>(value.size())) && raw(value.data(), value.size());
}

bool FieldWriter::text(std::string_view value) {
  if (has_nul(value.data(), value.size())) {
    ok_ = false;
    return false;
  }
  return bytes(Bytes(reinterpret_cast<const unsigned char*>(value.data()), value.size()));
}

bool FieldWriter::texts(const TextList& value) {
  return u32(value.size()) && raw(value.encoded().data(), value.encoded().size());
}

bool FieldReader::take(size_t size, Bytes& taken) {
  if (!ok_ || size > rest_.size()) return fail();
  taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return true;
}

template <typename Integer>
bool FieldReader::integer(Integer& value) {
  Bytes raw;
  if (!take(sizeof(Integer), raw)) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) sum |= static_cast<uint64_t>(raw[i]) << (8 * i);
  value = static_cast<Integer>(sum);
  return true;
}

template bool FieldReader::integer(uint8_t&);
template bool FieldReader::integer(uint16_t&);
template bool FieldReader::integer(uint32_t&);
template bool FieldReader::integer(uint64_t&);

bool FieldReader::bytes(Bytes& value) {
  uint32_t size = 0;
  return u32(size) && take(size, value);
}

bool FieldReader::text(std::string_view& value) {
  Bytes raw;
  if (!bytes(raw)) return false;
  if (has_nul(raw.data(), raw.size())) return fail();
  value = std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size());
  return true;
}

bool FieldReader::texts(TextList& value) {
  uint32_t count = 0;
  if (!u32(count)) return false;
  Bytes before = rest_;
  for (uint32_t i = 0; i < count; ++i) {
    std::string_view skipped;
    if (!text(skipped)) return false;
  }
  value = TextList(count, before.first(before.size() - rest_.size()));
  return true;
}

bool TextListBuilder::add(std::string_view text) {
  FieldWriter writer(buffer_.subspan(used_));
  if (!writer.text(text)) return false;
  used_ += writer.written().size();
  ++count_;
  return true;
}

}  // namespace labgpu
