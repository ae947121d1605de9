# A server with pretended GPUs: what NVIDIA's container toolkit puts beside Docker, without a driver.
import contextlib
import json

UUID = "GPU-6b2d1a34-9c1e-4f7b-8a55-0123456789ab"
MIG = "MIG-7c3e2b45-ad2f-5a8c-9b66-0123456789ab"
NAMES = ["0", "1", "2", "3", "0:0", "0:1", UUID, MIG]

HOOK = "/usr/bin/nvidia-container-runtime-hook"
RUNTIME = "/usr/local/bin/e2e-nvidia-runtime"
LOG = "/var/tmp/e2e-gpus"

# As the toolkit's own, it is given the container's state, finds its environment in the bundle, and makes devices in its
# file system, which is not yet its root (https://github.com/opencontainers/runtime-spec, "Prestart").
HOOK_PROGRAM = f"""#!/usr/bin/python3
# Logs which GPUs a container is to get, and gives it nodes that look like them.
import json, subprocess, sys
state = json.load(sys.stdin)
config = json.load(open(state["bundle"] + "/config.json"))
environment = dict(entry.split("=", 1) for entry in config["process"]["env"])
visible = environment.get("NVIDIA_VISIBLE_DEVICES", "")
with open("{LOG}", "a") as log:
    print(state["id"], "hook", visible, environment.get("NVIDIA_DRIVER_CAPABILITIES", ""), *sys.argv[1:], file=log)
numbers = range(4) if visible == "all" else [n for n in visible.split(",") if n.isdigit()]
for number in numbers:
    node = config["root"]["path"] + "/dev/nvidia" + str(number)
    subprocess.run(["nsenter", "--mount=/proc/" + str(state["pid"]) + "/ns/mnt", "mknod", "-m", "666", node, "c", "1", "3"],
                   check=True)
"""

# As nvidia-container-runtime: runc's arguments, and the environment decides.
RUNTIME_PROGRAM = f"""#!/usr/bin/python3
# Logs which GPUs a container is to get, and runs runc.
import json, os, sys
if "create" in sys.argv and "--bundle" in sys.argv:
    bundle = sys.argv[sys.argv.index("--bundle") + 1]
    config = json.load(open(bundle + "/config.json"))
    environment = dict(entry.split("=", 1) for entry in config["process"]["env"])
    with open("{LOG}", "a") as log:
        print(sys.argv[-1], "runtime", environment.get("NVIDIA_VISIBLE_DEVICES", ""),
              environment.get("NVIDIA_DRIVER_CAPABILITIES", ""), file=log)
os.execvp("runc", ["runc"] + sys.argv[1:])
"""


def cdi_specification():
    """What `nvidia-ctk cdi generate` writes, in short."""
    devices = []
    for name in NAMES + ["all"]:
        shown = range(4) if name == "all" else [name if name.isdigit() else "-" + name.replace(":", "-")]
        nodes = [{"path": f"/dev/nvidia{number}", "hostPath": "/dev/null"} for number in shown]
        devices.append({"name": name, "containerEdits": {"deviceNodes": nodes}})
    edits = {"env": ["NVIDIA_VISIBLE_DEVICES=void"]}
    return {"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": devices, "containerEdits": edits}


def restart_docker(server):
    server.sh("systemctl reset-failed docker.service; systemctl restart docker.service", timeout=120)
    server.wait_for_docker()


@contextlib.contextmanager
def gpus_offered(server, *ways, default_runtime="runc"):
    """Docker that has GPUs by "hook", "cdi" or "runtime"."""
    settings = {"default-runtime": default_runtime}
    if "runtime" in ways:
        settings["runtimes"] = {"nvidia": {"path": RUNTIME}}
        server.write(RUNTIME, RUNTIME_PROGRAM.encode(), mode="755")
    if "hook" in ways:
        server.write(HOOK, HOOK_PROGRAM.encode(), mode="755")
    if "cdi" in ways:
        settings["features"] = {"cdi": True}
        server.write("/etc/cdi/nvidia.json", json.dumps(cdi_specification()).encode())
    server.write("/etc/docker/daemon.json", json.dumps(settings).encode())
    restart_docker(server)
    try:
        yield
    finally:
        server.sh("docker ps -aq --filter label=org.labgpu.gpu-access | xargs -r docker rm -f")
        server.sh(f"rm -rf {HOOK} {RUNTIME} {LOG} /etc/cdi /etc/docker/daemon.json")
        restart_docker(server)


def log_of(server, user):
    """What the hook or the runtime was told about the account's container, the last time: words after its id."""
    ident = server.containers_of(user.user)[0]
    lines = server.try_sh(f"grep ^{ident} {LOG}").text.splitlines()
    return lines[-1].split()[1:] if lines else []


def seen_inside(user):
    """Device nodes of GPUs, and NVIDIA_VISIBLE_DEVICES, as a process in the container finds them."""
    words = user.ssh("cd /dev && ls -d nvidia* 2>/dev/null; printenv NVIDIA_VISIBLE_DEVICES").ok().text.split()
    return words[:-1], words[-1]
