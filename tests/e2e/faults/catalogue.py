# What can break on a server, as a table: what breaks it, for how long, what mends it, and what a login may suffer.
import dataclasses

HELPER = "$(systemctl show -P MainPID labgpud.service)"
STATE = "/var/lib/labgpu"
FILLER = f"{STATE}/e2e-filler"
DROP_IN = "/run/systemd/system/labgpud.service.d/e2e-fault.conf"
CLOCK = "/run/e2e-clock"
OTHER_TIME = "/usr/local/lib/other_time.so"  # tests/support/other_time.cc

# systemd gives up on a service that ends several times a minute, and wants an administrator. That is a choice of the
# unit of docker.io's and of openssh-server's, and nothing of it is to be seen here.
FORGIVE = "systemctl reset-failed docker.service docker.socket containerd.service ssh.service 2>/dev/null || true"


@dataclasses.dataclass(frozen=True)
class Fault:
    """BEGIN and END are scripts of root's on the server, where {user} is an account that is drawn."""

    name: str
    targets: frozenset  # what it breaks, and what its scripts need; two faults at once have none in common
    begin: str
    end: str = ""
    seconds: tuple = (0, 0)  # between which BEGIN's end and END's begin lie
    cuts: bool = False  # ends logins of labgpu's accounts that stand already
    stops_sshd: bool = False  # nobody gets in


def on(*targets):
    return frozenset(targets)


def signals(name, targets, unit, held, ready="", **more):
    """The three ways of a service: killed, stopped for a while, and restarted by its administrator."""
    send = f"systemctl kill --kill-who=main -s {{}} {unit}"
    # After one that killed it systemd may not have started it again yet.
    runs = f"until [ $(systemctl show -P MainPID {unit}) != 0 ]; do sleep 0.1; done"
    return [
        Fault(f"{name}: SIGKILL", targets, f"{FORGIVE}; {send.format('KILL')}", ready, **more),
        Fault(f"{name}: SIGSTOP", targets, f"{runs}; {send.format('STOP')}", send.format("CONT"), held, **more),
        Fault(f"{name}: restart", targets, f"{FORGIVE}; systemctl restart {unit}", ready, **more),
    ]


def again_and_again(kill):
    """Until it has found somebody four times, since logins last a moment; once is enough in twelve seconds."""
    tries = f"{kill} && hits=$((hits + 1)); [ $hits -lt 4 ] || break; sleep 0.05"
    return f"hits=0; for _ in $(seq 240); do {tries}; done; [ $hits -gt 0 ]"


# A dockerd that starts ends the containers of the one before it, and starts them again, before it answers.
DOCKER_READY = "sleep 1; until docker version >/dev/null 2>&1; do sleep 0.2; done"


def signal_init(signal):
    """The container's own PID 1, found without Docker, which may be what is broken at that moment."""
    return f"""hit=
for pid in $(pgrep -x labgpu-init); do
  [ "$(awk '/^NSpid/ {{print $NF}}' /proc/$pid/status)" = 1 ] || continue
  [ "$(nsenter -t $pid -u hostname)" = {{user}}-VM ] && kill -{signal} $pid && hit=1
done
[ $hit ]"""


# Without sshd and the helper there is no login that could be hit.
LOGINS = on("login", "sshd", "helper")

SIGNALS = [
    *signals("helper", on("helper"), "labgpud.service", (3, 9)),
    *signals("dockerd", on("docker"), "docker.service", (3, 9), DOCKER_READY, cuts=True),
    *signals("containerd", on("docker"), "containerd.service", (3, 9), DOCKER_READY, cuts=True),
    *signals("sshd", on("sshd"), "ssh.service", (2, 7), stops_sshd=True),
    Fault(
        "sshd of a login: SIGKILL",
        LOGINS,
        again_and_again("pkill -KILL -f '^sshd(-session)?: (alice|bob|dora|eve)'"),
        cuts=True,
    ),
    Fault("session: SIGKILL", LOGINS, again_and_again("pkill -KILL -x labgpu-session"), cuts=True),
    Fault(
        "session: SIGSTOP",
        LOGINS,
        again_and_again("pkill -STOP -x labgpu-session"),
        "pkill -CONT -x labgpu-session || true",
        (0, 3),
    ),
    Fault("init: SIGKILL", on("container"), signal_init("KILL"), cuts=True),
    Fault("init: SIGSTOP", on("container"), signal_init("STOP"), f"{signal_init('CONT')} || true", (3, 9), cuts=True),
    Fault("init: restart", on("container", "docker", "helper", "state", "docker's state"), "labgpu restart {user}", cuts=True),
    Fault("container: docker kill", on("container", "docker"), "docker kill {user}_container", cuts=True),
]


def limited(name, option, value):
    """The helper that runs gets a limit that it is at already. Whoever takes its place has none."""
    begin = f"p={HELPER}; prlimit --pid $p --{option}={value}:"
    end = f"p={HELPER}; prlimit --pid $p --{option}=$(prlimit --pid $p --{option} -o HARD --noheadings):"
    return Fault(name, on("helper"), begin, end, (4, 9))


def born_limited(name, setting):
    """A helper that has not enough to start with; systemd tries again and again."""
    begin = f"mkdir -p $(dirname {DROP_IN}); printf '[Service]\\n{setting}\\n' >{DROP_IN}; systemctl daemon-reload"
    begin += "; systemctl restart labgpud.service || true"
    return Fault(name, on("helper"), begin, f"rm {DROP_IN}; systemctl daemon-reload", (3, 6))


# The kernel's clock is everybody's, so the helper alone is told another time: hours, days and years away, both ways.
CLOCK_JUMPS = f"""echo 0 >{CLOCK}
mkdir -p $(dirname {DROP_IN})
printf '[Service]\\nEnvironment=LD_PRELOAD={OTHER_TIME} OTHER_TIME={CLOCK}\\n' >{DROP_IN}
systemctl daemon-reload; systemctl restart labgpud.service; pid={HELPER}
grep -q {OTHER_TIME} /proc/$pid/maps
for jump in 10000 -90000 34000000 -7200 -700000000 0; do echo $jump >{CLOCK}; sleep 1.5; done
[ $pid = {HELPER} ]"""
CLOCK_BACK = f"rm {DROP_IN}; systemctl daemon-reload; systemctl restart labgpud.service"

EXHAUST_INODES = f"""mkdir -p {FILLER}
perl -e 'for ($i = 0;; $i++) {{ open(my $file, ">", "{FILLER}/$i") or last }}'"""


def full(name, targets, fill, folder, filler):
    """FILL takes all there is; that nothing is left is made sure of: who cannot write either gives back what it had begun."""
    probe = f"{folder}/e2e-probe"
    begin = f"for _ in $(seq 20); do {fill}; (echo x >{probe}) 2>/dev/null || exit 0; rm {probe}; done; exit 1"
    return Fault(name, targets, begin, f"rm -rf {filler} {probe}", (4, 9))


def take_space(folder):
    dd = f"dd if=/dev/zero 2>/dev/null >>{folder}/e2e-filler"
    return f"{dd} bs=64k || true; {dd} bs=1 || true"


DOCKER_STATE = "/var/lib/docker/containers"

SURROUNDINGS = [
    full("disk full: labgpu's", on("state"), take_space(STATE), STATE, FILLER),
    full("no inodes: labgpu's", on("state"), EXHAUST_INODES, STATE, FILLER),
    full("disk full: Docker's", on("docker's state"), take_space(DOCKER_STATE), DOCKER_STATE, f"{DOCKER_STATE}/e2e-filler"),
    Fault(
        "read-only: labgpu's",
        on("state"),
        f"for _ in $(seq 100); do mount -o remount,ro {STATE} && break; sleep 0.05; done; ! touch {STATE}/e2e-probe 2>/dev/null",
        f"mount -o remount,rw {STATE}",
        (4, 9),
    ),
    limited("helper: EMFILE", "nofile", 3),
    limited("helper: EMFILE now and then", "nofile", "$(ls /proc/$p/fd | wc -l)"),
    limited("helper: ENOMEM", "as", "$(($(awk '/^VmSize/ {print $2}' /proc/$p/status) * 1024))"),
    born_limited("helper: EMFILE at its start", "LimitNOFILE=8"),
    born_limited("helper: ENOMEM at its start", "LimitAS=24M"),
    # With the state, because a helper does not start when it cannot write that.
    Fault("helper: clock jumps", on("helper", "state"), CLOCK_JUMPS, CLOCK_BACK),
]

FAULTS = SIGNALS + SURROUNDINGS
