# The memory of a server, told by the programs that have it and by its kernel.
import collections
import dataclasses

MB = 1e6

# A private cgroup namespace shows the server's own numbers at the top: version 1 of cgroups in a file, version 2 in a line.
_KERNEL = """cat /sys/fs/cgroup/memory/memory.kmem.usage_in_bytes 2>/dev/null ||
    awk '$1 == "kernel" { print $2 }' /sys/fs/cgroup/memory.stat 2>/dev/null; true"""

# A process that ends meanwhile is left out. Docker's own growth is the containers', which are there before and after.
_PROGRAMS = """for process in /proc/[0-9]*; do
    read -r name <$process/comm && awk -v "name=$name" '/^Pss:/ { print name, $2 }' $process/smaps_rollup
    done 2>/dev/null; true"""


@dataclasses.dataclass(frozen=True)
class Memory:
    """In bytes. `programs`: proportional set sizes (proc_pid_smaps(5)) by the name of the program."""

    programs: dict[str, int]
    kernel: int | None  # None where nobody counts it

    def of(self, *names):
        return sum(self.programs.get(name, 0) for name in names)


def memory_of(server):
    programs = collections.Counter()
    for line in server.sh(_PROGRAMS, timeout=300).text.splitlines():
        name, kibibytes = line.rsplit(" ", 1)
        programs[name] += int(kibibytes) * 1024
    kernel = server.sh(_KERNEL).text
    return Memory(dict(programs), int(kernel) if kernel else None)


def pss_of_helper(server):
    script = "awk '/^Pss:/ { print $2 }' /proc/$(systemctl show -P MainPID labgpud)/smaps_rollup"
    return int(server.sh(script).text) * 1024 / MB
