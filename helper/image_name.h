// Names of images, as Docker tells them apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace labgpu {

// As Docker shows it: "docker.io/library/debian" is "debian:latest". A name with a digest gets no
// tag.
std::string familiar_name(std::string_view image);

// What stands between the slashes of a name, the registry apart: [a-z0-9]+ with ".", "_", "__" or
// hyphens between (github.com/distribution/reference, regexp.go).
bool is_name_component(std::string_view name);

// Whether Docker takes it as the name of an image, with or without a registry, a tag and a digest,
// or as an image's whole id, "sha256:" and 64 digits.
bool is_image_name(std::string_view image);

// Whether labgpu itself makes images of that name on this server, with `labgpu image bootstrap` or
// for its users. They are never fetched: whoever took the name in a public registry would be let
// in.
bool is_made_here(std::string_view image);

// Whether Docker could take the name for an image's id, or the beginning of one: "cafe",
// "sha256:1".
bool may_be_id(std::string_view image);

// Where the images are that an account builds, without a tag: "labgpu/build/alice", or with the uid
// when the account's name cannot stand in an image's.
std::string build_repository(const std::string& user, uint32_t uid);

}  // namespace labgpu
