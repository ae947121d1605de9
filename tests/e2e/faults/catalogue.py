# What can break on a server, as a table: what breaks it, for how long, what mends it, and what a login may suffer.
import dataclasses

HELPER = "$(systemctl show -P MainPID labgpud.service)"
STATE = "/var/lib/labgpu"
FILLER = f"{STATE}/e2e-filler"
DROP_IN = "/run/systemd/system/labgpud.service.d/e2e-fault.conf"
CLOCK = "/run/e2e-clock"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

# systemd gives up on a service that ends several times a minute, and wants an administrator. That is a choice of the
# unit of docker.io's and of openssh-server's, and nothing of it is to be seen here.
FORGIVE = "systemctl reset-failed docker.service docker.socket containerd.service ssh.service 2>/dev/null || true"


@dataclasses.dataclass(frozen=True)
class Fault:
    """BEGIN and END are scripts of root's on the server, where {user} is an account that is drawn."""

    name: str
    target: str  # faults of one target are never at work together
    begin: str
    end: str = ""
    seconds: tuple = (0, 0)  # between which BEGIN's end and END's begin lie
    cuts: bool = False  # ends logins of labgpu's accounts that stand already
    stops_sshd: bool = False  # nobody gets in


def signals(name, target, unit, held, **more):
    """The three ways of a service: killed, stopped for a while, and restarted by its administrator."""
    send = f"systemctl kill --kill-who=main -s {{}} {unit}"
    return [
        Fault(f"{name}: SIGKILL", target, f"{FORGIVE}; {send.format('KILL')}", **more),
        Fault(f"{name}: SIGSTOP", target, send.format("STOP"), send.format("CONT"), held, **more),
        Fault(f"{name}: restart", target, f"{FORGIVE}; systemctl restart {unit}", **more),
    ]


def again_and_again(kill):
    """A kill that has to find somebody, since logins last a moment."""
    return f"hit=; for _ in 1 2 3 4 5 6 7 8; do {kill} && hit=1; sleep 0.3; done; [ $hit ]"


# The container's own PID 1, found without Docker, which may be what is broken at that moment.
SIGNAL_INIT = """hit=
for pid in $(pgrep -x labgpu-init); do
  [ "$(awk '/^NSpid/ {{print $NF}}' /proc/$pid/status)" = 1 ] || continue
  [ "$(nsenter -t $pid -u hostname)" = {{user}}-VM ] && kill -{signal} $pid && hit=1
done
[ $hit ]"""

SIGNALS = [
    *signals("helper", "helper", "labgpud.service", (3, 9)),
    *signals("dockerd", "docker", "docker.service", (3, 9), cuts=True),
    *signals("containerd", "docker", "containerd.service", (3, 9), cuts=True),
    *signals("sshd", "sshd", "ssh.service", (2, 7), stops_sshd=True),
    Fault(
        "sshd of a login: SIGKILL",
        "login",
        again_and_again("pkill -KILL -f '^sshd(-session)?: (alice|bob|dora|eve)'"),
        cuts=True,
    ),
    Fault("session: SIGKILL", "login", again_and_again("pkill -KILL -x labgpu-session"), cuts=True),
    Fault(
        "session: SIGSTOP",
        "login",
        again_and_again("pkill -STOP -x labgpu-session"),
        "pkill -CONT -x labgpu-session || true",
        (0, 3),
    ),
    Fault("init: SIGKILL", "container", SIGNAL_INIT.format(signal="KILL"), cuts=True),
    Fault(
        "init: SIGSTOP", "container", SIGNAL_INIT.format(signal="STOP"), SIGNAL_INIT.format(signal="CONT"), (3, 9), True
    ),
    Fault("init: restart", "container", "labgpu restart {user}", cuts=True),
    Fault("container: docker kill", "container", "docker kill {user}_container", cuts=True),
]


def limited(name, option, value, unlimited):
    """The helper that runs gets a limit that it is at already. Whoever takes its place has none."""
    begin = f"p={HELPER}; prlimit --pid $p --{option}={value}:"
    return Fault(name, "helper", begin, f"p={HELPER}; prlimit --pid $p --{option}={unlimited}:", (4, 9))


def born_limited(name, setting):
    """A helper that has not enough to start with; systemd tries again and again."""
    begin = f"mkdir -p $(dirname {DROP_IN}); printf '[Service]\\n{setting}\\n' >{DROP_IN}; systemctl daemon-reload"
    begin += "; systemctl restart labgpud.service || true"
    return Fault(name, "helper", begin, f"rm {DROP_IN}; systemctl daemon-reload", (3, 6))


# The kernel's clock is everybody's, so the helper alone is told another time. What it waits with, the monotonic clock,
# does not jump on a server either.
CLOCK_JUMPS = f"""echo +0 >{CLOCK}
mkdir -p $(dirname {DROP_IN})
cat >{DROP_IN} <<'UNIT'
[Service]
Environment=LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={CLOCK} FAKETIME_NO_CACHE=1
Environment=FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
UNIT
systemctl daemon-reload; systemctl restart labgpud.service
grep -q libfaketime /proc/{HELPER}/maps
for jump in +3h -26h +400d -2h -9000d +0; do echo $jump >{CLOCK}; sleep 1.5; done"""

EXHAUST_INODES = f"""mkdir {FILLER}
perl -e 'for ($i = 0;; $i++) {{ open(my $file, ">", "{FILLER}/$i") or last }}'"""


def full(name, target, fill, folder, filler):
    """FILL takes all there is; that nothing is left is made sure of."""
    begin = f"{fill}; if (echo x >{folder}/e2e-probe) 2>/dev/null; then exit 1; fi"
    return Fault(name, target, begin, f"rm -rf {filler} {folder}/e2e-probe", (4, 9))


def take_space(folder):
    return f"dd if=/dev/zero of={folder}/e2e-filler bs=64k 2>/dev/null || true; dd if=/dev/zero bs=1 2>/dev/null >>{folder}/e2e-filler || true"


DOCKER_STATE = "/var/lib/docker/containers"

SURROUNDINGS = [
    full("disk full: labgpu's", "state", take_space(STATE), STATE, FILLER),
    full("no inodes: labgpu's", "state", EXHAUST_INODES, STATE, FILLER),
    full("disk full: Docker's", "docker's state", take_space(DOCKER_STATE), DOCKER_STATE, f"{DOCKER_STATE}/e2e-filler"),
    Fault(
        "read-only: labgpu's",
        "state",
        f"for _ in $(seq 100); do mount -o remount,ro {STATE} && break; sleep 0.05; done; ! touch {STATE}/e2e-probe 2>/dev/null",
        f"mount -o remount,rw {STATE}",
        (4, 9),
    ),
    limited("helper: EMFILE", "nofile", "$(ls /proc/$p/fd | wc -l)", 65536),
    limited("helper: ENOMEM", "as", "$(($(awk '/^VmSize/ {print $2}' /proc/$p/status) * 1024 + 65536))", "unlimited"),
    born_limited("helper: EMFILE at its start", "LimitNOFILE=8"),
    born_limited("helper: ENOMEM at its start", "LimitAS=24M"),
    Fault("helper: clock jumps", "helper", CLOCK_JUMPS, f"rm {DROP_IN}; systemctl daemon-reload; systemctl restart labgpud"),
]

FAULTS = SIGNALS + SURROUNDINGS
