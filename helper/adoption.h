// What of a foreign container an account's settings can have.
#pragma once

#include "helper/account.h"
#include "helper/containers.h"
#include "helper/docker_types.h"
#include "helper/settings_policy.h"

namespace labgpu {

// Looks at what mounts there are; changes nothing. The home is no mount of its own: every container
// has it. `image` is the one that the container was made from: its own variables stay its own.
Adoption plan_from(const ContainerDetails& container, const ImageDetails& image,
                   const Account& account, const SettingsPolicy& policy);

// The account as it would be with these as its settings.
Account with_adopted_settings(Account account, const Adoption& adoption);

}  // namespace labgpu
