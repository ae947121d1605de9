// Dockerfiles: what Docker is given of them, and what is refused because it reaches the server.
#include "helper/build_recipe.h"

#include <gmock/gmock.h>

#include <string>

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string text_of(const std::string& dockerfile) {
  auto recipe = read_recipe(dockerfile);
  return recipe ? recipe->text : "refused: " + recipe.error().message;
}

TEST(BuildRecipe, IsOneLineForEachInstruction) {
  auto recipe = read_recipe(
      "\xef\xbb\xbf# syntax=docker/dockerfile:1\r\n"
      "arg BASE=debian TAG=12\n"
      "from ${BASE}:$TAG as Tools\n"
      "\n"
      "  run apt-get update && \\\n"
      "# a comment inside\n"
      "\n"
      "  echo 'a#b' \\  \n"
      "  done\n"
      "FROM tools\n"
      "COPY --from=Tools --chown=1:2 a $B /x\n"
      "COPY --from=0 [\"a b\", \"/x\"]\n"
      "COPY --from=alpine:3 /a /b\n"
      "ADD data.tar.gz /data/\n"
      "CMD [\"sh\"]");
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->text,
            "ARG BASE=debian TAG=12\n"
            "FROM debian:12 AS tools\n"
            "RUN apt-get update &&   echo 'a#b'   done\n"
            "FROM tools\n"
            "COPY --from=Tools --chown=1:2 a $B /x\n"
            "COPY --from=0 [\"a b\", \"/x\"]\n"
            "COPY --from=alpine:3 /a /b\n"
            "ADD data.tar.gz /data/\n"
            "CMD [\"sh\"]\n");
  EXPECT_THAT(recipe->images, ElementsAre("debian:12", "alpine:3"));
}

TEST(BuildRecipe, ReadAgainIsTheSame) {
  auto once = text_of("FROM a:1\nRUN a\\\\\nRUN b\\\\\\\nRUN x \\\n\n y\\\n");
  EXPECT_EQ(once, "FROM a:1\nRUN a\\\\\nRUN b\\\\\\\nRUN x  y\n");
  EXPECT_EQ(text_of(once), once);
}

TEST(BuildRecipe, NoImageIsNeededForScratch) {
  auto recipe = read_recipe("FROM scratch\nCOPY a /\n");
  ASSERT_TRUE(recipe);
  EXPECT_THAT(recipe->images, IsEmpty());
}

struct Refused {
  const char* dockerfile;
  const char* why;
};

class RefusedRecipe : public testing::TestWithParam<Refused> {};

TEST_P(RefusedRecipe, IsToldWithItsLine) {
  EXPECT_THAT(text_of(GetParam().dockerfile), HasSubstr(GetParam().why)) << GetParam().dockerfile;
}

// Docker itself fetches what ADD names, in the server's network.
INSTANTIATE_TEST_SUITE_P(
    Add, RefusedRecipe,
    testing::Values(Refused{"FROM a:1\nADD http://127.0.0.1/ /x", "line 2: ADD takes plain names"},
                    Refused{"FROM a:1\nADD ht'tp'://127.0.0.1/ /x", "ADD takes plain names"},
                    Refused{"FROM a:1\nADD ht\\tp:\\/\\/127.0.0.1 /x", "ADD takes plain names"},
                    Refused{"FROM a:1\nADD $URL /x", "ADD takes plain names"},
                    Refused{"FROM a:1\nADD [\"http://127.0.0.1/\", \"/x\"]", "ADD takes plain"},
                    Refused{"FROM a:1\nADD a \\\n http://127.0.0.1/ /x", "line 2: ADD takes"},
                    Refused{"FROM a:1\nADD --checksum=sha256:1 a /x", "ADD takes no --checksum"},
                    Refused{"FROM a:1\nADD git@host:a /x", "ADD takes plain names"},
                    Refused{"FROM a:1\nONBUILD ADD http://127.0.0.1/ /", "ONBUILD is not taken"}));

// Any image of the server could be named by the beginning of its id.
INSTANTIATE_TEST_SUITE_P(
    Images, RefusedRecipe,
    testing::Values(Refused{"FROM 1a", "ids are not taken"},
                    Refused{"FROM CAFE", "is not the name of an image"},
                    Refused{"FROM sha256:12", "ids are not taken"},
                    Refused{"ARG A=1a\nFROM $A", "ids are not taken"},
                    Refused{"FROM a:1\nCOPY --from=1a /a /b", "ids are not taken"},
                    Refused{"FROM a:1\nCOPY --from=$A /a /b", "COPY takes no --from=$A"},
                    Refused{"FROM a:1\nCOPY --from='b' /a /b", "COPY takes no --from='b'"},
                    Refused{"FROM a:1\nCOPY \xc2\xa0--from=1a /a /b", "needs a name of a file"},
                    Refused{"FROM a:1\nCOPY --link a /b", "COPY takes no --link"},
                    Refused{"FROM --platform=x a:1", "FROM takes no --platform=x"},
                    Refused{"FROM $A", "an ARG that stands before it"},
                    Refused{"ARG A\nFROM $A", "needs an image"},
                    Refused{"ARG A=b:1\nFROM ${A:-x}", "an ARG that stands before it"},
                    Refused{"ARG A='b c'\nFROM a:1", "plain values"},
                    Refused{"FROM a:1 b", "followed by an image"},
                    Refused{"FROM", "needs an image"}, Refused{"FROM a:1\nFROM", "needs an image"},
                    Refused{"FROM a\"b", "is not the name of an image"}));

INSTANTIATE_TEST_SUITE_P(
    Forms, RefusedRecipe,
    testing::Values(Refused{"", "it has no FROM"}, Refused{"# nothing\n", "it has no FROM"},
                    Refused{"RUN a", "line 1: there has to be a FROM before RUN"},
                    Refused{"# escape=`\nFROM a:1", "\"# escape=\" is not taken"},
                    Refused{"#Escape = `\nFROM a:1", "\"# escape=\" is not taken"},
                    Refused{"FROM a:1\nRUN cat <<E\nhello\nE\n", "line 3: \"HELLO\" is no instr"},
                    Refused{"FROM a:1\nRUN --mount=type=bind,from=b a", "RUN takes no flags"},
                    Refused{"FROM a:1\n\n\nRUNN x", "line 4: \"RUNN\" is no instruction"}));

// Docker's builder fills them in, outside of every container.
INSTANTIATE_TEST_SUITE_P(
    Variables, RefusedRecipe,
    testing::Values(
        Refused{"FROM a:1\nENV A=x\nENV A=$A$A$A$A$A$A$A$A\nENV A=$A$A$A$A$A$A$A$A",
                "line 4: with its variables filled in"},
        Refused{"FROM a:1\nARG A=$P$P$P$P$P$P$P$P\nLABEL a=$A b=${A} c=$A d=\"$A$A\"",
                "line 3: with its variables filled in"},
        Refused{"FROM a:1\nENV A $P$P$P$P$P$P$P$P\nLABEL a=$A$A$A$A$A", "line 3: with its"},
        Refused{"FROM a:1\nENV 'A'=$P$P$P$P$P$P$P$P\nLABEL a=$A$A$A$A$A", "line 3: with its"},
        Refused{"FROM a:1\nENV \\A\"B\"=$P$P$P$P$P$P$P$P\nWORKDIR $AB$AB$AB$AB$AB", "line 3: with"},
        Refused{"FROM a:1\nENV x=${Y:-$P$P$P$P$P$P$P$P}\nLABEL a=$x$x$x$x$x", "line 3: with its"},
        Refused{"FROM a:1\nENV $A=b", "in the name of a variable"},
        Refused{"FROM a:1\nENV ${A}=b", "in the name of a variable"},
        Refused{"FROM a:1\nENV $A b", "in the name of a variable"},
        Refused{"FROM a:1\nENV A=${B//x/y}", "${B/…} is not taken"}));

TEST(BuildRecipe, VariablesAsPeopleUseThemAreTaken) {
  std::string dockerfile = "FROM a:1\nARG VERSION=1\nENV CUDA=/usr/local/cuda-$VERSION\n";
  for (int i = 0; i < 20; ++i) dockerfile += "ENV PATH=$CUDA/bin:${PATH:+$PATH:}/opt/x\n";
  dockerfile += "LABEL a=\"$CUDA\" b='x=y' c=${VERSION%.*}\n";
  dockerfile += "RUN awk '{print $1 $2 $3}' " + std::string(100, '$') + "{A//x/y}\n";
  EXPECT_EQ(text_of(dockerfile), dockerfile);
}

TEST(BuildRecipe, OneVariableManyTimesIsNoImage) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "$A";
  EXPECT_THAT(text_of("ARG A=" + std::string(50000, 'x') + "\nFROM " + many),
              HasSubstr("line 2: the image's name is too long"));
}

TEST(BuildRecipe, WhatIsNoTextOrTooLongIsRefused) {
  EXPECT_THAT(text_of(std::string("FROM a:1\0", 9)), HasSubstr("it is no text"));
  EXPECT_THAT(text_of("FROM a:1\nRUN " + std::string(60000, 'x')), HasSubstr("too long"));
}

}  // namespace
}  // namespace labgpu
