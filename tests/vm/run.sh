#!/bin/bash
# The short form of the end-to-end tests on a real kernel. usage: run.sh PACKAGES_FOLDER RESULTS_FOLDER
set -euo pipefail

packages=$(readlink -f "$1")
results=$(readlink -f "$2")
cd "$(dirname "$(readlink -f "$0")")/../e2e"

readonly tests=(
  test_real_kernel.py
  test_identity.py
  test_exit_status.py::test_exit_statuses_0_to_255
  test_streams.py::test_binary_comes_back_untouched
  test_files.py::test_scp_lands_in_the_container
  test_terminal.py::test_tty_is_a_pts_of_the_container
  test_terminal.py::test_ctrl_c_interrupts
  test_forwarding.py::test_local_forwarding_reaches_a_server_in_the_container
  test_forwarding.py::test_local_forwarding_never_reaches_the_hosts_loopback
  test_forwarding.py::test_local_forwarding_never_reaches_a_socket_of_the_host
  test_setup.py::test_reboot_brings_the_containers_back
)

# Emulated: everything takes many times as long.
export LABGPU_TEST_PATIENCE=10
# The tests come first: pytest looks for conftest.py, which has these options, beside the first path that it finds.
exec /usr/bin/python3 -m pytest "${tests[@]}" --testhost ../vm/vmhost.sh --name vm --release bookworm --packages "$packages" \
  --junitxml "$results/pytest.xml" -m ''
