# Runs on the server, as root, from its standard input; prints what is there as a JSON object of numbers.
import collections
import glob
import json
import os
import re
import subprocess

counts = collections.Counter()

# What changes by itself: Docker's and systemd's own books, and journals.
NOT_COUNTED = re.compile(r"^/run/(docker|containerd|systemd|udev|log)/")
TREES = ["/run", "/tmp", "/var/tmp", "/var/lib/labgpu", "/dev/shm"]
# Processes that others start and end when they see fit.
OTHERS = re.compile(r"^(systemd|\(sd-|\(udev|udev|kworker|dbus|agetty|apt|cron|runc|exe$|containerd-shim)")
CONTAINER_TREES = ["tmp", "run", ".labgpu", "var/tmp", "dev/shm"]


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def links(pattern):
    for path in glob.glob(pattern):
        try:
            yield os.readlink(path)
        except OSError:
            continue


def count_tree(name, top):
    for folder, folders, files in os.walk(top):
        counts[name] += sum(not NOT_COUNTED.search(os.path.join(folder, entry)) for entry in folders + files)


def count_process(name, pid):
    """What one process holds."""
    counts[f"{name}: threads"] += len(glob.glob(f"/proc/{pid}/task/*"))
    for link in links(f"/proc/{pid}/fd/*"):
        kind = re.sub(r"\d+", "N", link) if ":" in link else "file"
        counts[f"{name}: descriptors, {kind}"] += 1
    for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss_Anon:"):
            counts[f"{name}: own memory, kB"] += int(line.split()[1])


def census_takers():
    """This process and those that started it."""
    pid = os.getpid()
    while pid:
        yield str(pid)
        pid = int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])


def processes():
    """Of all, also those in containers; of labgpu's, what they hold."""
    not_counted = set(census_takers())
    for folder in glob.glob("/proc/[0-9]*"):
        pid = os.path.basename(folder)
        stat = read(f"{folder}/stat")
        if not stat or pid in not_counted:
            continue
        name = stat[stat.index("(") + 1 : stat.rindex(")")]
        counts["zombies"] += stat[stat.rindex(")") + 2] == "Z"
        if not OTHERS.search(name):
            counts[f"processes, {name}"] += 1
        if name == "labgpud":
            count_process("labgpud", pid)
            counts["labgpud: mounts"] = len(read(f"{folder}/mountinfo").splitlines())
        elif name == "labgpu-init":
            count_process("inits", pid)
            counts["containers: terminals"] += len(glob.glob(f"{folder}/root/dev/pts/[0-9]*"))
            counts["containers: mounts"] += len(read(f"{folder}/mountinfo").splitlines())
            for tree in CONTAINER_TREES:
                count_tree(f"containers: files in /{tree}", f"{folder}/root/{tree}")


def server():
    for kind in ("mnt", "net", "uts", "pid", "ipc", "user", "cgroup"):
        counts[f"namespaces, {kind}"] = len(set(links(f"/proc/[0-9]*/ns/{kind}")))
    counts["mounts"] = len(read("/proc/1/mountinfo").splitlines())
    counts["terminals"] = len(glob.glob("/dev/pts/[0-9]*"))
    for tree in TREES:
        count_tree(f"files in {tree}", tree)
    for directory in glob.glob("/home/*"):
        count_tree("files in /home", directory)
    units = subprocess.run(
        ["systemctl", "list-units", "--all", "--plain", "--no-legend", "session-*", "user*", "*ssh*", "labgpu*"],
        capture_output=True, text=True, check=True,
    ).stdout
    counts["units of sessions, users, sshd and labgpu"] = len(units.splitlines())
    containers = subprocess.run(["docker", "ps", "-aq"], capture_output=True, text=True, check=True).stdout.split()
    counts["containers"] = len(containers)
    if containers:
        inspect = ["docker", "inspect", "--format", "{{len .ExecIDs}}", *containers]
        found = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout
        counts["docker exec"] = sum(int(number) for number in found.split())


processes()
server()
print(json.dumps(counts))
