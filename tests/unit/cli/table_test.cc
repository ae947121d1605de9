// Columns: widths of any script, and texts that are no business of a terminal's.
#include "cli/table.h"

#include <gtest/gtest.h>

namespace labgpu {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"NAME", "N"});
  table.add({"alice", "1"});
  table.add({"bo", "22"});
  EXPECT_EQ(table.render(),
            "NAME   N\n"
            "alice  1\n"
            "bo     22\n");
}

TEST(Table, ChineseTakesTwoColumnsEach) {
  Table table({"NAME", "X"});
  table.add({"李雷", "a"});
  table.add({"é", "b"});
  EXPECT_EQ(table.render(),
            "NAME  X\n"
            "李雷  a\n"
            "é     b\n");
}

TEST(Table, EmptyCellsAreShown) {
  Table table;
  table.add({"address", ""});
  EXPECT_EQ(table.render(), "address  -\n");
}

TEST(Table, WithoutRowsOnlyTheHeadings) { EXPECT_EQ(Table({"A", "B"}).render(), "A  B\n"); }

TEST(Table, CellsCannotSteerTheTerminal) {
  Table table;
  table.add({"\033[2Jx\ny", "z"});
  EXPECT_EQ(table.render(), "?[2Jx?y  z\n");
}

TEST(Printable, InvalidAndCutBytesBecomeQuestionMarks) {
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a?b");
  EXPECT_EQ(printable("\xe6\x9d"), "??");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m");  // C1 control: CSI
}

}  // namespace
}  // namespace labgpu
