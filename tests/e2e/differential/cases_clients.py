# Clients other than OpenSSH's and rsync: sshfs, lftp, curl, git.
import contextlib
import os
import re
import shlex

import trees
from processes import run
from table import Table

table = Table("clients")

# --- sshfs


@contextlib.contextmanager
def mounted(person, local, place, *options):
    where = local / "mounted"
    where.mkdir()
    transport = "ssh_command=" + shlex.join(["ssh", *person.client.options])
    seen = person.local("sshfs", f"server:{place}", str(where), "-o", transport, *options)
    assert seen["status"] == 0, seen
    try:
        yield where
    finally:
        run(["fusermount3", "-u", where]).ok()


def tried(action, *arguments):
    """What the action returns, or the error that the kernel gave."""
    try:
        return action(*arguments)
    except OSError as error:
        return error.strerror


@table.case("sshfs: files are made, read, changed and taken away")
def _(person):
    with person.folders() as (local, remote), mounted(person, local, remote) as where:
        trees.make_tree(where / "made")
        (where / "made" / "mode 600").write_text("changed\n")
        os.rename(where / "made" / "empty", where / "moved")
        os.unlink(where / "made" / "mode 400")
        os.symlink("moved", where / "link")
        os.truncate(where / "moved", 100)
        os.chmod(where / "moved", 0o751)
        return [sorted(os.listdir(where)), trees.here(person, where), trees.there(person, remote)]


@table.case("sshfs: what is not there and what is not allowed")
def _(person):
    with person.folders() as (local, _), mounted(person, local, "/") as where:
        return [
            tried((where / "none").read_text),
            tried((where / "etc/shadow").read_text),
            tried((where / "etc/new").write_text, "x"),
            tried(os.listdir, where / "root"),
            tried(os.rmdir, where / "etc"),
            tried(os.listdir, where / f"home/{person.name}/work"),
        ]


@table.case("sshfs: 20 MB written and read, and a change that is made there")
def _(person):
    with person.folders() as (local, remote), mounted(person, local, remote, "-o", "cache=no") as where:
        (where / "large").write_bytes(bytes(range(256)) * 80_000)
        seen = [person.text(f"md5sum <{remote}/large; echo from there >{remote}/other")]
        return [*seen, person.local("md5sum", str(where / "large"))["out"][:32], (where / "other").read_text()]


@table.case("sshfs: the space that is left, and the attributes of a file")
def _(person):
    with person.folders() as (local, remote), mounted(person, local, remote) as where:
        person.text(f"cd {remote}; echo one >one; chmod 640 one; touch -d @1000000000 one; mkfifo pipe")
        space, there = os.statvfs(where), person.text(f"stat -fc '%S %b' {remote}").split()
        found = os.stat(where / "one")
        shown = [oct(found.st_mode), found.st_size, found.st_mtime, str(found.st_uid)]
        return [*shown, oct(os.stat(where / "pipe").st_mode), [space.f_frsize, space.f_blocks] == list(map(int, there))]


# --- lftp


def lftp(person, commands):
    # The user's name in the address keeps lftp from asking for a password.
    connect = shlex.join(["ssh", "-a", "-x", *person.client.options])
    settings = f'set sftp:connect-program "{connect}"; set net:max-retries 1; set xfer:log no; set cmd:interactive no'
    return person.local("lftp", "--norc", "-e", f"{settings}; open sftp://{person.name}:@server; {commands}; exit")


@table.case("lftp: mirror there and back, list, move, remove")
def _(person):
    with person.folders() as (local, remote):
        trees.make_tree(local / "sent", ["two words", "中文"])
        seen = lftp(
            person,
            f"mirror -R {local}/sent {remote}/copy; cd {remote}; mv copy/hole moved; rm copy/empty; cls -1 copy; pwd",
        )
        back = lftp(
            person, f"mirror {remote}/copy {local}/back; get {remote}/none; mkdir {remote}/copy; du -s {remote}"
        )
        return [seen, back, trees.there(person, remote), trees.here(person, local / "back")]


# --- curl


def curl(person, *arguments):
    laptop = person.client.laptop
    # libssh2 looks for known_hosts in the home, which the two people share.
    (laptop.directory / ".ssh").mkdir(exist_ok=True)
    known = laptop.directory / f"known_hosts-{person.name}"
    known.write_text(re.sub("^server", laptop.address, (laptop.directory / "known_hosts").read_text(), flags=re.M))
    known.replace(laptop.directory / ".ssh" / "known_hosts")
    login = ["--user", f"{person.name}:", "--key", str(person.client.key), "--pubkey", f"{person.client.key}.pub"]
    return person.local("curl", "-sS", *login, *arguments)


for scheme in ("sftp", "scp"):

    @table.case(f"curl with {scheme}://")
    def _(person, scheme=scheme):
        url = f"{scheme}://{person.client.laptop.address}/home/{person.name}/work"
        with person.folders() as (local, remote):
            (local / "sent").write_bytes(bytes(range(256)) * 5_000)
            seen = [
                curl(person, "-T", str(local / "sent"), f"{url}/file"),
                curl(person, "-o", str(local / "back"), f"{url}/file"),
            ]
            seen += [curl(person, f"{url}/none"), curl(person, "-T", str(local / "sent"), f"{url}/none/x")]
            return [*seen, trees.there(person, remote), trees.here(person, local)]


@table.case("curl with sftp://: a folder, a part of a file, commands, folders made on the way")
def _(person):
    url = f"sftp://{person.client.laptop.address}/~/work"
    with person.folders() as (local, remote):
        (local / "sent").write_text("0123456789")
        seen = [
            curl(person, "-T", str(local / "sent"), "--ftp-create-dirs", f"{url}/a/b/file"),
            curl(person, "-r", "3-5", f"{url}/a/b/file"),
        ]
        seen.append(
            curl(
                person,
                "-Q",
                f"rename /home/{person.name}/work/a/b/file /home/{person.name}/work/a/x",
                "-l",
                f"{url}/a/",
            )
        )
        return [*seen, trees.there(person, remote)]


# --- git


def git(person, *words):
    transport = {"GIT_SSH_COMMAND": shlex.join(["ssh", *person.client.options]), "GIT_CONFIG_NOSYSTEM": "1"}
    times = {"GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2001-01-01T00:00:00Z"}
    identity = [
        "-c",
        "user.name=Somebody",
        "-c",
        "user.email=somebody@laptop",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "gc.auto=0",
    ]
    return person.local("git", *identity, *map(str, words), env={**transport, **times})


@contextlib.contextmanager
def repository(person):
    """A repository here with one commit, and its bare one in the account."""
    with person.folders() as (local, remote):
        person.text(f"git init -q --bare -b main {remote}/bare.git")
        mine = local / "mine"
        git(person, "init", "-q", mine)
        (mine / "file").write_text("one\n" * 5000)
        git(person, "-C", mine, "add", "file")
        git(person, "-C", mine, "commit", "-q", "-m", "first")
        git(person, "-C", mine, "remote", "add", "origin", f"server:{remote}/bare.git")
        yield local, mine


@table.case("git push, clone, fetch and ls-remote")
def _(person):
    with repository(person) as (local, mine):
        url = "server:work/bare.git"
        seen = [git(person, "-C", mine, "push", "-u", "origin", "main"), git(person, "clone", url, local / "clone")]
        (mine / "new").write_bytes(bytes(range(256)) * 1000)
        for words in (
            ["add", "new"],
            ["commit", "-q", "-m", "second"],
            ["tag", "v1"],
            ["push", "--tags", "origin", "main"],
        ):
            seen.append(git(person, "-C", mine, *words))
        seen += [git(person, "-C", local / "clone", "fetch"), git(person, "ls-remote", url)]
        seen.append(git(person, "-C", local / "clone", "log", "--format=%s %H", "origin/main"))
        return [*seen, git(person, "clone", "-q", "--depth", "1", url, local / "shallow")]


@table.case("git speaks protocol version 2")
def _(person):
    with repository(person) as (_, mine):
        git(person, "-C", mine, "push", "-q", "origin", "main")
        trace = {"GIT_TRACE_PACKET": "1", "GIT_SSH_COMMAND": shlex.join(["ssh", *person.client.options])}
        seen = person.local("git", "ls-remote", "server:work/bare.git", env=trace)
        return [seen["out"], re.findall(r"packet: +[\w-]+([<>] .*)", seen["err"])]


@table.case("git: no such repository, and a hook that says no")
def _(person):
    with repository(person) as (local, mine):
        person.text(
            "cd work/bare.git/hooks; printf '#!/bin/sh\\necho not today; exit 1\\n' >pre-receive; chmod 755 pre-receive"
        )
        seen = [
            git(person, "-C", mine, "push", "origin", "main"),
            git(person, "clone", "server:none.git", local / "none"),
        ]
        return [*seen, git(person, "-C", mine, "push", "server:/etc", "main")]


@table.case("git archive --remote, of one file")
def _(person):
    with repository(person) as (local, mine):
        seen = [git(person, "-C", mine, "push", "-q", "origin", "main")]
        seen.append(git(person, "archive", "--remote=server:work/bare.git", "-o", local / "tar", "main", "file"))
        return [*seen, person.local("tar", "-tf", str(local / "tar"))]
