// common/wire.h: what is written is read back, and nothing else is.
#include "common/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace labgpu {
namespace {

using testing::ElementsAre;

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

TEST(FieldWriter, EncodesAsTheProtocolSays) {
  std::array<unsigned char, 64> buffer{};
  FieldWriter writer(buffer);
  EXPECT_TRUE(writer.u8(0x01));
  EXPECT_TRUE(writer.u16(0x0302));
  EXPECT_TRUE(writer.u32(0x07060504));
  EXPECT_TRUE(writer.u64(0x0f0e0d0c0b0a0908));
  EXPECT_TRUE(writer.text("ab"));
  EXPECT_TRUE(writer.bytes(bytes_of(std::string_view("\0", 1))));
  EXPECT_THAT(writer.written(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,  //
                                            2, 0, 0, 0, 'a', 'b', 1, 0, 0, 0, 0));
}

TEST(FieldWriter, FailsOnceAndStaysFailed) {
  std::array<unsigned char, 4> buffer{};
  FieldWriter writer(buffer);
  EXPECT_TRUE(writer.u16(1));
  EXPECT_FALSE(writer.u32(2));
  EXPECT_FALSE(writer.u8(3)) << "one byte would still fit";
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.written().size(), 2U);
}

TEST(FieldWriter, RefusesATextWithNul) {
  std::array<unsigned char, 64> buffer{};
  FieldWriter writer(buffer);
  EXPECT_FALSE(writer.text(std::string_view("a\0b", 3)));
  EXPECT_FALSE(writer.ok());
}

TEST(FieldReader, ReadsWhatWasWritten) {
  std::array<unsigned char, 64> buffer{};
  FieldWriter writer(buffer);
  ASSERT_TRUE(writer.u8(255) && writer.u16(65535) && writer.u32(4294967295U) &&
              writer.u64(18446744073709551615U) && writer.text("grüße") && writer.text("") &&
              writer.bytes(bytes_of(std::string_view("\0\1", 2))));
  FieldReader reader(writer.written());
  uint8_t a = 0;
  uint16_t b = 0;
  uint32_t c = 0;
  uint64_t d = 0;
  std::string_view text;
  std::string_view empty = "not yet";
  Bytes raw;
  EXPECT_TRUE(reader.u8(a) && reader.u16(b) && reader.u32(c) && reader.u64(d) &&
              reader.text(text) && reader.text(empty));
  EXPECT_FALSE(reader.finished());
  EXPECT_TRUE(reader.bytes(raw));
  EXPECT_TRUE(reader.finished());
  EXPECT_EQ(a, 255U);
  EXPECT_EQ(b, 65535U);
  EXPECT_EQ(c, 4294967295U);
  EXPECT_EQ(d, 18446744073709551615U);
  EXPECT_EQ(text, "grüße");
  EXPECT_EQ(empty, "");
  EXPECT_THAT(raw, ElementsAre(0, 1));
}

TEST(FieldReader, RefusesEveryTruncation) {
  std::array<unsigned char, 64> buffer{};
  FieldWriter writer(buffer);
  ASSERT_TRUE(writer.u16(7) && writer.text("alice") && writer.u64(9));
  for (size_t size = 0; size < writer.written().size(); ++size) {
    FieldReader reader(writer.written().first(size));
    uint16_t number = 0;
    std::string_view text;
    uint64_t wide = 0;
    EXPECT_FALSE(reader.u16(number) && reader.text(text) && reader.u64(wide)) << size;
    EXPECT_FALSE(reader.finished()) << size;
  }
}

TEST(FieldReader, RefusesACountLargerThanThePacket) {
  const std::array<unsigned char, 5> packet{0xff, 0xff, 0xff, 0xff, 'a'};
  std::string_view text;
  EXPECT_FALSE(FieldReader(packet).text(text));
  Bytes raw;
  EXPECT_FALSE(FieldReader(packet).bytes(raw));
  TextList list;
  EXPECT_FALSE(FieldReader(packet).texts(list));
}

TEST(FieldReader, RefusesNulInATextAndStaysFailed) {
  const std::array<unsigned char, 8> packet{3, 0, 0, 0, 'a', 0, 'b', 9};
  FieldReader reader(packet);
  std::string_view text;
  EXPECT_FALSE(reader.text(text));
  uint8_t byte = 0;
  EXPECT_FALSE(reader.u8(byte));
}

std::vector<std::string> walk(TextList list) {
  std::vector<std::string> texts;
  std::string_view text;
  while (list.next(text)) texts.emplace_back(text);
  return texts;
}

TEST(TextList, TravelsWhole) {
  std::array<unsigned char, 64> texts{};
  TextListBuilder builder(texts);
  EXPECT_TRUE(builder.add("PATH=/bin"));
  EXPECT_TRUE(builder.add(""));
  EXPECT_TRUE(builder.add("LANG=C.UTF-8"));
  EXPECT_EQ(builder.list().size(), 3U);

  std::array<unsigned char, 128> buffer{};
  FieldWriter writer(buffer);
  ASSERT_TRUE(writer.texts(builder.list()) && writer.u8(42));
  FieldReader reader(writer.written());
  TextList read;
  uint8_t behind = 0;
  ASSERT_TRUE(reader.texts(read) && reader.u8(behind));
  EXPECT_TRUE(reader.finished());
  EXPECT_EQ(behind, 42);
  EXPECT_THAT(walk(read), ElementsAre("PATH=/bin", "", "LANG=C.UTF-8"));
}

TEST(TextList, IsReadOnlyWhole) {
  std::array<unsigned char, 64> texts{};
  TextListBuilder builder(texts);
  ASSERT_TRUE(builder.add("a=1") && builder.add("b=2"));
  std::array<unsigned char, 64> buffer{};
  FieldWriter writer(buffer);
  ASSERT_TRUE(writer.texts(builder.list()));
  for (size_t size = 0; size < writer.written().size(); ++size) {
    TextList list;
    EXPECT_FALSE(FieldReader(writer.written().first(size)).texts(list)) << size;
  }
}

TEST(TextListBuilder, StaysAsItWasWhenATextIsRefused) {
  std::array<unsigned char, 12> texts{};
  TextListBuilder builder(texts);
  EXPECT_TRUE(builder.add("abcd"));
  EXPECT_FALSE(builder.add("x"));
  EXPECT_FALSE(builder.add(std::string_view("\0", 1)));
  EXPECT_TRUE(builder.add(""));
  EXPECT_THAT(walk(builder.list()), ElementsAre("abcd", ""));
}

}  // namespace
}  // namespace labgpu
