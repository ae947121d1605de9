# The server under test: a whole Debian host with systemd, sshd and Docker, made by testhost.sh.
import contextlib
import json
import pathlib
import shlex

from processes import PATIENCE, run, wait_until

TESTHOST = pathlib.Path(__file__).with_name("testhost.sh")

# Everything that decides how a login to the host goes; labgpu must leave it as it was.
LOGIN_FILES = "/etc/pam.d /etc/nsswitch.conf /etc/ssh /etc/shells /etc/security /etc/environment"
LOGIN_FILES += " /etc/passwd /etc/shadow /etc/login.defs"

# Unlike a reload, done when the new sshd listens; sessions go on all the same. systemd counts the restarts.
RESTART_SSHD = "systemctl reset-failed ssh; systemctl restart ssh"

SOCKETS = "labgpud.socket labgpud-session.socket"
UNITS = f"labgpud.service {SOCKETS}"

CAROL_PASSWORD = "carol's pass word"

# What a user's program makes that ran on the host. It exists there alone: a container has a /var/tmp of its own.
MARKER = "/var/tmp/e2e-escaped"
# The same at home, where also a process in a login view can make it; in a container it is not made.
HOME_MARKER = "e2e-escaped"

# OpenSSH 9.8 and later slow down an address whose logins fail; here all clients have one address.
SSHD_SETTINGS = {
    "bookworm": "MaxStartups 200\nMaxSessions 40\nKbdInteractiveAuthentication yes\nX11UseLocalhost yes\n",
    "trixie": "MaxStartups 200\nMaxSessions 40\nKbdInteractiveAuthentication yes\nPerSourcePenalties no\n",
}


class Server:
    def __init__(self, name, release, packages, testhost_program):
        self.name = name
        self.release = release
        self.testhost_program = testhost_program
        self.packages = packages

    # --- the host as a whole

    def testhost(self, *arguments, stdin=b"", timeout=60):
        return run([self.testhost_program, *arguments], stdin, timeout)

    def exists(self):
        return self.name in self.testhost("list").ok().text.split()

    def up(self):
        """Starts a fresh host; the first time its image is made, which takes minutes."""
        self.down()
        self.testhost("up", self.name, self.release, timeout=900).ok()

    def down(self):
        self.testhost("down", self.name, timeout=120).ok()

    def address(self):
        return self.testhost("ip", self.name).ok().text

    def reboot(self):
        self.testhost("reboot", self.name, timeout=240).ok()

    def install(self):
        return self.testhost("install", self.name, self.packages, timeout=240)

    def load_user_image(self):
        """Gives labgpu its default image, from a root file system that is made once per machine."""
        tarball = self.testhost("user-image", self.release, "plain", timeout=900).ok().text
        self.testhost("copy", tarball, f"{self.name}:/var/tmp/user-image.tar", timeout=120).ok()
        self.labgpu("image", "bootstrap", "--tarball", "/var/tmp/user-image.tar", timeout=240).ok()
        self.sh("rm /var/tmp/user-image.tar")

    def set_login_wait(self):
        """On a machine that takes many times as long, containers do too: logins wait for them in proportion."""
        if PATIENCE != 1:
            settings = {"loginWaitSeconds": round(12 * PATIENCE)}
            self.write("/etc/labgpu/labgpu.json", json.dumps(settings).encode())
            self.sh("systemctl restart labgpud")

    def prepare(self):
        """What an administrator had on this host before labgpu: root's settings, the host account carol."""
        self.write("/etc/ssh/sshd_config.d/00-e2e.conf", SSHD_SETTINGS[self.release])
        self.sh("id carol 2>/dev/null || useradd -m -s /bin/bash carol; chpasswd", stdin=f"carol:{CAROL_PASSWORD}\n")
        self.sh("systemctl reload ssh")

    def has_labgpu(self):
        return self.try_sh("command -v labgpu").status == 0

    def forget_users(self):
        """All accounts, containers and homes of an earlier run, as if they had never been."""
        self.sh(
            f"""systemctl stop {UNITS}; docker ps -aq | xargs -r docker rm -f
            rm -rf /var/lib/labgpu/*/*
            rm -rf /home/alice /home/bob /home/mallory /home/eve /home/dora /home/dana /home/boxed1 /home/image? /home/user* /home/class* /home/soak?
            systemctl start {SOCKETS} labgpud.service"""
        )

    # --- commands and files

    def sh(self, script, stdin=b"", timeout=60):
        """Runs a shell script on the host as root; it has to succeed."""
        return self.try_sh(script, stdin, timeout).ok()

    def try_sh(self, script, stdin=b"", timeout=60):
        if isinstance(stdin, str):
            stdin = stdin.encode()
        return self.testhost("exec", self.name, "sh", "-c", script, stdin=stdin, timeout=timeout)

    def labgpu(self, *arguments, stdin=b"", timeout=60):
        """`labgpu ARGUMENTS` as root; the caller judges the result."""
        return self.testhost("exec", self.name, "labgpu", *arguments, stdin=stdin, timeout=timeout)

    def labgpu_json(self, *arguments):
        return json.loads(self.labgpu(*arguments, "--json").ok().out)

    def write(self, path, data, mode="644", owner="root"):
        quoted = shlex.quote(str(path))
        parent = shlex.quote(str(pathlib.PurePath(path).parent))
        # install(1) would change the mode of a directory that is there.
        script = f"[ -d {parent} ] || install -d -o {owner} {parent}; cat >{quoted}; chmod {mode} {quoted}; chown {owner} {quoted}"
        self.sh(script, stdin=data)

    def read(self, path):
        return self.sh(f"cat {shlex.quote(str(path))}").out

    @contextlib.contextmanager
    def edited(self, edit_script, *files):
        """Runs a script that changes sshd's or PAM's files, restarts sshd; afterwards gives the files back."""
        copies = " ".join(map(shlex.quote, files))
        self.sh(f"rm -rf /var/tmp/e2e-edit.tar; tar -C / -cPf /var/tmp/e2e-edit.tar {copies}")
        try:
            self.sh(f"set -e; {edit_script}; sshd -t; {RESTART_SSHD}")
            yield
        finally:
            self.sh(f"tar -xPf /var/tmp/e2e-edit.tar -C / && {RESTART_SSHD}")

    # --- what the tests compare

    def login_files(self):
        """One line per file that decides about logins: type, mode, owner, checksum, path."""
        script = f"""find {LOGIN_FILES} 2>/dev/null | sort | while read -r file; do
            stat -c '%F %a %u:%g %N' "$file"; [ -f "$file" ] && sha256sum "$file"; done; true"""
        return self.sh(script).text.splitlines()

    def state(self):
        """The same for labgpu's own state: records, indexes, keys."""
        script = """cd /var/lib/labgpu && find . -path './containers/*/*' -prune -o ! -name e2e-filler -print | sort |
            while read -r file; do
              stat -c '%F %a %u:%g %N' "$file"; [ -f "$file" ] && sha256sum "$file"; done; true"""
        return self.sh(script).text.splitlines()

    def containers_of(self, user):
        """Ids of the containers of that account, running or not."""
        return self.sh(f"docker ps -aq --no-trunc --filter name='^{user}_container$'").text.split()

    def init_pid(self, user):
        """The process on the host that is PID 1 of the account's container; 0 when it does not run."""
        return int(self.sh(f"docker inspect -f '{{{{.State.Pid}}}}' {user}_container").text)

    def helper_pid(self):
        return int(self.sh("systemctl show -p MainPID --value labgpud.service").text)

    def wait_for_docker(self):
        wait_until(lambda: self.try_sh("docker version").status == 0, 60, "Docker's answer", 0.5)

    def journal(self, lines=25):
        """The last lines that have to do with logins and containers."""
        noise = "systemd-logind|session-[0-9]*.scope|pam_env|pam_unix|: Accepted|isconnect|SIGHUP|listening|Reload|runtime.dir|slice|user@|target"
        return self.try_sh(
            f"journalctl -q --no-pager -o short-precise -n 400 | grep -Ev '{noise}' | tail -n {lines}"
        ).text
