# `labgpu gpu`: what the driver tells, and whose containers use which GPU. The driver's library is a pretended one.
import json

import pytest

from processes import Background


def test_a_server_without_a_driver_says_so(server):
    result = server.labgpu("gpu").failed()
    assert result.error.startswith("labgpu: this server has no NVIDIA driver: libnvidia-ml.so.1"), result
    assert result.out == b""


def test_the_table_says_whose_containers_use_what(server, alice, bob, driver):
    with alice.background("echo ready; exec sleep 71717") as command:
        command.expect(b"ready")
        pid = server.sh("pgrep -xf 'sleep 71717'").text
        driver(
            f"gpu GPU-a 85899345920 3221225472 97 61 NVIDIA A100-SXM4-80GB\nprocess {pid} 2147483648\nprocess 1 1073741824\n"
            "gpu GPU-b 85899345920 0 0 30 NVIDIA A100-SXM4-80GB\nlost\n"
        )
        told = json.loads(server.labgpu("gpu", "--json").ok().out)
        table = server.labgpu("gpu").ok().text.splitlines()
        own = bob.ssh("labgpu gpu").ok().text.splitlines()
        own_told = json.loads(bob.ssh("labgpu gpu --json").ok().out)
    # Everybody who shares them sees whose containers use them, and no process and no card.
    assert own == table
    assert set(own_told) == {"gpus"} and "uuid" not in own_told["gpus"][0], own_told
    assert own_told["gpus"][0]["processes"] == [{"memory": 1073741824}, {"user": "alice", "memory": 2147483648}]
    assert told["driver"] == "550.54.15"
    processes = {process["pid"]: process for process in told["gpus"][0]["processes"]}
    assert processes[int(pid)] == {"pid": int(pid), "user": "alice", "memory": 2147483648}
    assert processes[1] == {"pid": 1, "memory": 1073741824}
    assert [line.split() for line in table] == [
        "GPU NAME USE MEMORY TEMP USERS".split(),
        "0 NVIDIA A100-SXM4-80GB 97 % 3.0 GiB / 80.0 GiB 61 °C (host) 1.0 GiB, alice 2.0 GiB".split(),
        "1 NVIDIA A100-SXM4-80GB 0 % 0 B / 80.0 GiB 30 °C -".split(),
        "2 - - - - GPU is lost".split(),
    ]


@pytest.mark.long
def test_a_driver_that_hangs_delays_nobody_else(server, alice, driver):
    driver("hang\n")
    with Background([server.testhost_program, "exec", server.name, "labgpu", "gpu"]) as asking:
        assert alice.ssh("id -un").ok().text == "alice"
        server.labgpu("status").ok()
        result = asking.finish(40)
    assert result.status == 1
    assert "the NVIDIA driver does not answer" in result.error
    assert 15 < result.seconds < 30
    # What hung is gone, too.
    driver("gpu GPU-b 85899345920 0 0 30 NVIDIA A100\n")
    assert len(server.labgpu_json("gpu")["gpus"]) == 1
    server.sh("i=0; while pgrep -x labgpu-gpus && [ $i -lt 30 ]; do i=$((i+1)); sleep 1; done; ! pgrep -x labgpu-gpus")
