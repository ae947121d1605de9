// Fuzzes the reader of users' Dockerfiles: what Docker is given is read as the same again, so the
// two readings do not differ.
#include <string_view>

#include "helper/build_recipe.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  auto recipe = labgpu::read_recipe({reinterpret_cast<const char*>(data), size});
  if (!recipe) {
    promise(recipe.error().message.starts_with("Dockerfile line "), "a refusal says where");
    return 0;
  }
  promise(recipe->text.find('\0') == std::string::npos, "it is a text");
  auto again = labgpu::read_recipe(recipe->text);
  promise(again.has_value(), "what was written is right");
  promise(again->text == recipe->text, "what was written is read as it is");
  promise(again->images == recipe->images, "the images are the same");
  return 0;
}
