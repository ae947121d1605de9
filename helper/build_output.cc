// Docker's lines about a build.
#include "helper/build_output.h"

#include "helper/docker_json.h"

namespace labgpu {

HttpStream BuildOutput::stream() {
  return {.on_open = [] {},
          .on_data =
              [this](std::string_view piece) {
                bool fed = lines_.feed(piece, [this](std::string_view line) { take_line(line); });
                if (!fed && told_) {
                  told_ = fail(ErrorCode::kUnavailable, "Docker said a line without an end");
                }
                return told_.has_value();
              }};
}

void BuildOutput::take_line(std::string_view line) {
  constexpr char kWhat[] = "a line of Docker's about a build";
  if (!told_) return;
  auto parsed = parse_docker_json(line, kWhat);
  if (!parsed) {
    told_ = Failed(parsed.error());
    return;
  }
  std::string text;
  std::string error;
  DockerFields fields(*parsed, kWhat);
  fields.output("stream", text);
  fields.sentence("error", error).sentence("errorDetail.message", error);
  told_ = fields.result();
  if (told_ && !text.empty()) on_text_(text);
  if (told_ && !error.empty()) told_ = fail(ErrorCode::kInvalid, error);
}

}  // namespace labgpu
