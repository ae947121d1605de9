# Copying files with rsync.
import re
import shlex

import trees
from table import Table

table = Table("rsync")


def rsync(person, *arguments):
    """rsync, without what it says about bytes and time."""
    seen = person.client.rsync(*map(str, arguments))
    out = re.sub(
        r"^(sent|Total bytes|File list|total size).*\n", "", seen.out.decode(errors="backslashreplace"), flags=re.M
    )
    return {"status": seen.status, "out": out, "err": seen.err.decode(errors="backslashreplace")}


@table.case("-a with deletes, there and back, and what it says it did")
def _(person):
    with person.folders() as (local, remote):
        sent = trees.make_tree(local / "sent")
        seen = [rsync(person, "-ai", f"{sent}/", f"server:{remote}/"), trees.there(person, remote)]
        person.text(
            f"cd {remote}; touch surplus; mkdir -p folder/below; chmod 777 'mode 640'; echo changed >'mode 600'"
            "; touch -d @1000000000 ."
        )
        (sent / "empty").unlink()
        (sent / "new").write_text("new\n")
        seen.append(rsync(person, "-ai", "--delete", f"{sent}/", f"server:{remote}/"))
        seen.append(rsync(person, "-ai", "--delete", f"{sent}/", f"server:{remote}/"))
        return [*seen, rsync(person, "-ai", f"server:{remote}/", f"{local}/back/"), trees.here(person, local / "back")]


@table.case("-z, --checksum and what is compared")
def _(person):
    with person.folders() as (local, remote):
        (local / "sent").mkdir()
        for name in ("same", "touched", "changed"):
            (local / "sent" / name).write_bytes(name[0].encode() * 300_000)
        seen = [rsync(person, "-aizO", f"{local}/sent/", f"server:{remote}/")]
        person.text(
            f"cd {remote}; touch -d @1000000000 touched; touch -r changed time; tr c d <changed >x; cat x >changed"
            "; touch -r time changed; rm x time; touch -d @1000000000 ."
        )
        for options in ("-nai", "-naic", "-aicz"):
            seen.append(rsync(person, options, f"{local}/sent/", f"server:{remote}/"))
        return [*seen, trees.there(person, remote)]


@table.case("-H, -S, -X: hard links, holes and extended attributes")
def _(person):
    with person.folders() as (local, remote):
        person.text(
            f"cd {remote}; mkdir from; cd from; echo one >a; ln a b; ln a c; truncate -s 3000000 hole; mkfifo pipe;"
            " python3 -c \"import os; os.setxattr('a', 'user.labelled', b'yes')\""
        )
        seen = [rsync(person, "-aiHSX", f"server:{remote}/from/", f"{local}/back/")]
        (local / "back" / "pipe").unlink()
        seen += [trees.here(person, local / "back"), rsync(person, "-aiHSX", f"{local}/back/", f"server:{remote}/to/")]
        attributes = person.ssh(f"cd {remote}; rm from/pipe; python3 -c \"import os; print(os.listxattr('to/b'))\"")
        return [*seen, attributes, trees.there(person, remote)]


@table.case("what is not there and what is not allowed")
def _(person):
    with person.folders() as (local, remote):
        (local / "file").write_text("file\n")
        person.text(f"cd {remote}; mkdir closed; touch closed/x secret; chmod 0 closed secret")
        seen = [
            rsync(person, "-a", f"server:{remote}/none", f"{local}/"),
            rsync(person, "-a", f"{local}/none", f"server:{remote}/"),
            rsync(person, "-a", f"server:{remote}/", f"{local}/back/"),
            rsync(person, "-a", f"{local}/file", f"server:{remote}/closed/"),
            # Whether its words arrive before the connection is gone is chance.
            {"err": "", "status": rsync(person, "-a", f"{local}/file", f"server:{remote}/no/such/folder/")["status"]},
            rsync(person, "-a", f"{local}/file", "server:/etc/"),
            rsync(person, "-a", "--max-size=1", f"{local}/file", f"server:{remote}/"),
        ]
        person.text(f"chmod 700 {remote}/closed")
        # Random letters in the name of the temporary file; a line that depends on who ends first.
        return [{**one, "err": re.sub(r"(?<=\.file\.)\w{6}|.*Broken pipe.*\n", "", one["err"])} for one in seen]


@table.case("no rsync there")
def _(person):
    seen = rsync(person, "--rsync-path=/no/such/rsync", "-a", "/etc/hostname", "server:")
    # 127 when ssh had ended already as rsync looked.
    return [seen["status"] in (12, 127), seen["err"].splitlines()[:2]]


@table.case("--stats, --progress and a transfer that goes on where another one ended")
def _(person):
    with person.folders() as (local, remote):
        (local / "large").write_bytes(bytes(range(256)) * 20_000)
        person.text(f"head -c 2000000 /dev/zero >{remote}/other")
        rsync(person, f"{local}/large", f"server:{remote}/")
        person.text(f"truncate -s 1000000 {remote}/large")
        seen = [rsync(person, "-a", "--append-verify", "--stats", f"{local}/large", f"server:{remote}/")]
        seen.append(rsync(person, "-a", "--no-whole-file", "--stats", f"server:{remote}/", f"{local}/"))
        return [*seen, trees.there(person, remote)]


@table.case("a transfer that is cut leaves what --partial asks for")
def _(person):
    with person.folders() as (local, remote):
        (local / "large").write_bytes(bytes(range(256)) * 40_000)
        options = [
            "-e",
            shlex.join(["ssh", *person.client.options]),
            "--bwlimit=1000",
            f"{local}/large",
            f"server:{remote}/",
        ]
        seen = []
        for partial in ([], ["--partial"], ["--partial-dir=kept"]):
            seen.append(person.local("timeout", "2", "rsync", *partial, *options)["status"])
            # The server's side ends, and cleans up, after the client's.
            person.text("while pgrep -u $USER -x rsync; do sleep 0.1; done")
            seen.append(person.text(f"cd {remote}; find . -type f -size +100k; rm -rf * .l*"))
        return seen


@table.case("with root's rights there")
def _(person):
    with person.folders() as (local, remote):
        (local / "file").write_text("root's\n")
        sudo = "--rsync-path=sudo rsync"
        seen = [rsync(person, "-ai", "--chown=root:daemon", sudo, f"{local}/file", f"server:/opt/{person.name}/")]
        seen += [
            person.ssh(f"stat -c '%U %G %a' /opt/{person.name}/file"),
            rsync(person, "-ai", sudo, "server:/etc/shadow", f"{local}/"),
        ]
        person.text(f"sudo rm -r /opt/{person.name}")
        return [*seen, (local / "shadow").exists()]


@table.case("a module of an rsync daemon that ssh starts")
def _(person):
    with person.folders() as (local, remote):
        person.text(
            f"mkdir {remote}/share; echo shared >{remote}/share/file"
            f"; printf '[data]\\npath = {remote}/share\\nuse chroot = no\\n' >~/rsyncd.conf"
        )
        seen = [
            rsync(person, "server::"),
            rsync(person, "-ai", "-O", "server::data/", f"{local}/"),
            rsync(person, "server::none/", f"{local}/"),
        ]
        person.text("rm ~/rsyncd.conf")
        return [*seen, trees.here(person, local)]


@table.case("a list of names from there, and names that no shell may see")
def _(person):
    with person.folders() as (local, remote):
        person.text(
            f"cd {remote}; mkdir from; cd from; touch 'a b' '*' '$HOME' skipped"
            "; printf '%s\\n' 'a b' '*' '$HOME' >../list"
        )
        seen = [rsync(person, "-i", f"--files-from=:{remote}/list", f"server:{remote}/from", f"{local}/")]
        seen.append(
            rsync(person, "-is", f"server:{remote}/from/$HOME", f"server:{remote}/from/a b", f"{local}/by-name/")
        )
        return [*seen, trees.here(person, local)]
