# Commands without a terminal: what they are given, what comes back, how they end.
from table import Intended, Table

table = Table("command")

# --- statuses

for status in (0, 1, 3, 126, 127, 128, 143, 254, 255):
    table.command(f"exit status {status}", f"exit {status}")
table.command("a program that is not there", "no-such-program --here")
table.command("a file that cannot be executed", "/etc/hostname")
table.command("a directory as a command", "/tmp")
table.command("a syntax error", "if then")
table.command("an empty command", "")
for signal in ("HUP", "INT", "QUIT", "KILL", "SEGV", "PIPE", "ALRM", "TERM", "USR1"):
    table.command(f"killed by SIG{signal}", f"kill -{signal} $$; sleep 5")
table.command("stopped and continued", "(sleep 0.5; kill -CONT $$) & kill -STOP $$; echo on")
table.command("a child is killed, the shell is not", "sh -c 'kill -9 $$' 2>&1 | cat; echo ${PIPESTATUS[0]}")

# --- what is said and what is heard

table.command("standard output and error apart", "echo out; echo err >&2; echo out again")
table.command("no line end at the end", "printf abc; printf def >&2")
table.command("all bytes", "cat | od -An -c", stdin=bytes(range(256)))
table.command("all bytes back", "cat", stdin=bytes(range(256)) * 3)
table.command("standard input to its end", "wc -c", stdin=b"x" * 300_000)
table.command("no standard input", "wc -c", "-n", stdin=b"ignored")
table.command("after the end of the input", "cat; echo still here; sleep 1; echo and here")
table.command("a reader that leaves early", "head -c 10", stdin=b"y" * 1_000_000)
table.command("standard output closed", "exec >&-; echo lost; echo $? >&2")
table.command("an endless writer and a reader that left", "yes | head -n 3; echo ${PIPESTATUS[*]}")
table.command("a script as the input", None, "-T", stdin=b"echo one\nfalse\necho two $?\nexit 5\n")
table.command("a script for sh", "sh -s a b", stdin=b'echo "$# $2"; exit 4\n')
table.command("a megabyte of errors", "head -c 1000000 /dev/zero | tr '\\0' e >&2")

# --- how the command line arrives

table.command("quotes", """echo "a  b" 'c  "d"' e\\ \\ f $'g\\th'""")
table.command("several lines", "echo one\necho two\n\n  echo three")
table.command("other scripts", "echo 中文 ünï 😀; printf %s 中 | wc -c")
table.command("glob characters", "echo '*' \"?\" [a-b] {a,b}")
table.command("a command of 100 000 bytes", "echo " + "word " * 20_000 + "| md5sum")
table.command("a leading dash", "-n echo")
table.command("bytes that are no text", b"printf '\xff\xfe' | od -An -tx1; echo '\xff' | od -An -tx1")

# --- what a command finds

table.command("shell and its options", 'echo "$0 $- $BASH_SUBSHELL"; shopt login_shell')
table.command("home, and where it starts", "pwd; cd; pwd; echo ~")
table.command("who it is", "id -un; id -u; id -gn; id -g; whoami; logname 2>&1 | head -c 0; echo $USER $LOGNAME $HOME")
table.command("umask", "umask; touch made; stat -c %a made; rm made")
table.command("open descriptors", "ls /proc/self/fd; for i in 0 1 2; do stat -Lc %F /proc/self/fd/$i; done")
table.command("signals that are blocked or ignored", "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status")
table.command("session and group", "ps -o pid=,pgid=,sid=,tpgid= $$ | awk '{print ($1==$2), ($1==$3), $4}'")
table.command("priority", "nice; cat /proc/self/oom_score_adj; chrt -p $$ | cut -d: -f2")
table.command("limits of the shell", "ulimit -S -c; ulimit -H -c; ulimit -s; ulimit -t; ulimit -v; ulimit -f")
table.command("no terminal", "tty; test -t 0 || echo none; echo x >/dev/tty; stty size")
table.command(
    "standard streams by name", "echo to-out >/dev/stdout; echo to-err >/dev/stderr; cat /dev/stdin", stdin=b"in\n"
)
table.command("sudo", "sudo -n id -un; sudo -n sh -c 'exit 6'")
table.command("arguments after --", "--", "printf %s- a 'b c'")
table.command(
    "the host's name",
    "hostname; uname -n; cat /proc/sys/kernel/hostname",
    intended=Intended(
        "a container has a name of its own, the setting hostname", lambda _, boxed: boxed["out"] == "USER-VM\n" * 3
    ),
)
table.command(
    "open files at most",
    "ulimit -Sn",
    intended=Intended("Docker's own limit is higher", lambda plain, boxed: int(boxed["out"]) > int(plain["out"])),
)


@table.case("a key that is bound to a command")
def forced_command(person):
    """command= of authorized_keys: whatever the client asks for, that is what it gets."""
    bound = person.client.laptop.directory / f"bound-{person.name}"
    bound.unlink(missing_ok=True)
    person.local("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", bound)
    public = bound.with_name(bound.name + ".pub").read_text().strip()
    line = f'no-pty,command="echo \\"forced\\" instead of: $SSH_ORIGINAL_COMMAND; exit 9" {public}'
    person.text("mkdir -p -m 700 .ssh; touch .ssh/authorized_keys; cp .ssh/authorized_keys keys.kept")
    person.ssh("cat >>.ssh/authorized_keys", stdin=f"{line}\n".encode())
    try:
        options = ("-i", str(bound), "-o", "IdentitiesOnly=yes", "-F", str(person.client.laptop.directory / "config"))
        ssh = ["ssh", *options, "-l", person.name, "-o", "BatchMode=yes", "server"]
        sftp = person.local("sftp", "-q", *options, f"{person.name}@server")
        seen = [person.local(*ssh, "rm -rf /"), person.local(*ssh), sftp]
    finally:
        person.text("mv keys.kept .ssh/authorized_keys")
    return seen, person.ssh("echo the other key is free")
