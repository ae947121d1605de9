// How Docker is told a setting: in the body of POST /containers/create, and in that of
// POST /containers/{id}/update for what it changes while a container runs. Rows of
// settings_table.cc point here.
//
// https://docs.docker.com/reference/api/engine/version/v1.41/ (ContainerCreate, ContainerUpdate)
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "helper/docker_types.h"
#include "helper/host_facts.h"
#include "helper/settings.h"

namespace labgpu {

// What a container's body is made from.
struct ContainerRequest {
  const Settings& settings;
  const HostFacts& host;
  const std::string& port_address;  // at which published ports listen; "": all
  nlohmann::json& body;
};

void put_image(const ContainerRequest& request);
void put_hostname(const ContainerRequest& request);
void put_mounts(const ContainerRequest& request);
void put_ports(const ContainerRequest& request);
void put_gpus(const ContainerRequest& request);
void put_memory(const ContainerRequest& request);
void put_cpus(const ContainerRequest& request);
void put_pids(const ContainerRequest& request);
void put_shm_size(const ContainerRequest& request);
void put_ulimits(const ContainerRequest& request);
void put_environment(const ContainerRequest& request);
void put_added_capabilities(const ContainerRequest& request);
void put_dropped_capabilities(const ContainerRequest& request);
void put_user_namespace(const ContainerRequest& request);
void put_restart(const ContainerRequest& request);

// Whether a container has it already, on a server with so many CPUs.
bool holds_memory(const Settings& settings, const ContainerLimits& now, uint32_t host_cpus);
bool holds_cpus(const Settings& settings, const ContainerLimits& now, uint32_t host_cpus);
bool holds_pids(const Settings& settings, const ContainerLimits& now, uint32_t host_cpus);
bool holds_restart(const Settings& settings, const ContainerLimits& now, uint32_t host_cpus);

void update_memory(const Settings& settings, uint32_t host_cpus, nlohmann::json& body);
void update_cpus(const Settings& settings, uint32_t host_cpus, nlohmann::json& body);
void update_pids(const Settings& settings, uint32_t host_cpus, nlohmann::json& body);
void update_restart(const Settings& settings, uint32_t host_cpus, nlohmann::json& body);

}  // namespace labgpu
