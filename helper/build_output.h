// What Docker says while it builds an image, as text for whoever waits.
//
// POST /build answers with lines of JSON: "stream" has text, "status" is of a pull, "error" is the
// end (moby, pkg/jsonmessage).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "helper/error.h"
#include "helper/http_client.h"
#include "helper/line_splitter.h"

namespace labgpu {

class BuildOutput {
 public:
  using OnText = std::function<void(std::string_view)>;
  // `on_text` gets the text as it comes, cut anywhere.
  explicit BuildOutput(OnText on_text) : on_text_(std::move(on_text)) {}

  // What Docker's lines are given to. Must not outlive this.
  [[nodiscard]] HttpStream stream();
  // Success, or the first failure that the lines told of, which is kInvalid: the recipe's.
  [[nodiscard]] const Result<void>& told() const { return told_; }

 private:
  void take_line(std::string_view line);

  OnText on_text_;
  LineSplitter lines_;
  Result<void> told_;
};

}  // namespace labgpu
