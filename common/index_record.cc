// Keys and lines of the index.
#include "common/index_record.h"

#include <errno.h>
#include <string.h>

namespace labgpu {

IndexKey IndexKey::of_name(std::string_view name, char kind) {
  IndexKey key;
  key.text_[key.size_++] = kind;
  size_t size = name.size() < kMaxUserName ? name.size() : kMaxUserName;
  memcpy(key.text_ + key.size_, name.data(), size);
  key.size_ += size;
  return key;
}

IndexKey IndexKey::of_id(uint32_t id) {
  char reversed[10];
  size_t digits = 0;
  do {
    reversed[digits++] = static_cast<char>('0' + id % 10);
    id /= 10;
  } while (id != 0);
  IndexKey key;
  key.text_[key.size_++] = '#';
  while (digits > 0) key.text_[key.size_++] = reversed[--digits];
  return key;
}

int read_line(const CdbReader& reader, const CdbRecord& record, std::span<char> buffer,
              std::span<char>& line) {
  if (record.value_size >= buffer.size()) return ERANGE;
  std::span<char> text = buffer.first(record.value_size);
  int error = reader.read(record.value_at, text);
  if (error != 0) return error;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return EBADMSG;
  }
  buffer[text.size()] = '\0';
  line = text;
  return 0;
}

int find_line(const char* index, const IndexKey& key, std::span<char> buffer,
              std::span<char>& line) {
  CdbReader reader;
  int error = reader.open(index);
  if (error != 0) return error;
  CdbRecord record;
  error = reader.find(key.text(), record);
  if (error != 0) return error;
  return read_line(reader, record, buffer, line);
}

bool may_begin_line(std::string_view name, std::string_view password) {
  if (is_user_name(name)) return password == "x" || password == "*";
  if (password != "*" || !has_suffix(name, kContainerUserSuffix)) return false;
  return is_user_name({name.data(), name.size() - kContainerUserSuffix.size()});
}

bool split_fields(std::span<char> line, char separator, std::span<std::string_view> fields) {
  size_t count = 0;
  size_t start = 0;
  for (size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] != separator) continue;
    if (count == fields.size()) return false;
    fields[count++] = std::string_view(line.data() + start, i - start);
    if (i < line.size()) line[i] = '\0';
    start = i + 1;
  }
  return count == fields.size();
}

bool parse_account_id(std::string_view text, uint32_t& id) {
  return parse_u32(text, id) && is_account_id(id);
}

}  // namespace labgpu
