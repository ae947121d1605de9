# Copying files with scp and sftp.
import re

import trees
from table import Table

table = Table("files")


def scp(person, *arguments, **more):
    return person.local("scp", *person.client.options, *map(str, arguments), **more)


def sftp(person, batch, *options):
    """Lines of a batch; a line with a leading "-" may fail."""
    return person.local("sftp", *person.client.options, *options, "-b", "-", "server", stdin=batch.encode())


# --- scp, by sftp and by its older protocol

for protocol in ("-s", "-O"):

    @table.case(f"scp {protocol}: a tree with modes and times there and back")
    def _(person, protocol=protocol):
        with person.folders() as (local, remote):
            # The older protocol cannot send a name with a line end.
            sent = trees.make_tree(local / "sent", trees.NAMES if protocol == "-s" else trees.ODD_NAMES)
            seen = [scp(person, protocol, "-rp", sent, f"server:{remote}/"), trees.there(person, f"{remote}/sent")]
            seen.append(scp(person, protocol, "-rp", f"server:{remote}/sent", local / "received"))
            return [*seen, trees.here(person, local / "received")]

    @table.case(f"scp {protocol}: without -p the mode is cut by the umask, the time is now")
    def _(person, protocol=protocol):
        with person.folders() as (local, remote):
            sent = trees.make_tree(local / "sent", ["a"])
            (sent / "mode 755").chmod(0o6777)
            return [scp(person, protocol, "-r", sent, f"server:{remote}/"), trees.there(person, remote)]

    @table.case(f"scp {protocol}: over a file that is there, through a link, with another mode")
    def _(person, protocol=protocol):
        with person.folders() as (local, remote):
            (local / "new").write_text("new\n")
            (local / "new").chmod(0o755)
            person.text(f"cd {remote}; echo quite long and old >old; chmod 600 old; ln -s old link; mkdir folder")
            seen = [scp(person, protocol, local / "new", f"server:{remote}/{name}") for name in ("link", "folder")]
            return [seen, trees.there(person, remote)]

    @table.case(f"scp {protocol}: names chosen by the server's shell or by its pattern")
    def _(person, protocol=protocol):
        with person.folders() as (local, remote):
            person.text(f"cd {remote}; touch a.txt 'b c.txt' ü.txt '[x].txt' d.log .hidden.txt")
            seen = [
                scp(person, protocol, f"server:{remote}/*.txt", local),
                scp(person, protocol, f"server:{remote}/*.no", local),
            ]
            seen.append(scp(person, protocol, f"server:~/{remote}/d.log", local))
            return [*seen, trees.here(person, local)]

    @table.case(f"scp {protocol}: what cannot be read")
    def _(person, protocol=protocol):
        with person.folders() as (local, remote):
            person.text(
                f"cd {remote}; mkdir folder; ln -s nowhere dangling; touch closed; chmod 0 closed; echo here >open"
            )
            names = ("none", "folder", "dangling", "closed", "none/at all", "open/below", "../../../etc/shadow")
            seen = [scp(person, protocol, f"server:{remote}/{name}", local / "got") for name in names]
            seen.append(
                scp(person, protocol, *(f"server:{remote}/{name}" for name in ("none", "open", "closed")), local)
            )
            return [*seen, trees.here(person, local)]

    @table.case(f"scp {protocol}: what cannot be written")
    def _(person, protocol=protocol):
        with person.folders() as (local, remote):
            person.text(
                f"cd {remote}; mkdir closed folder; chmod 500 closed; touch file; chmod 400 file; mkdir folder/new"
            )
            (local / "new").write_text("new\n")
            places = ("none/new", "closed/new", "file", "file/new", "folder", "/etc/new", "/proc/new")
            seen = [
                scp(person, protocol, local / "new", f"server:{place if place[0] == '/' else remote + '/' + place}")
                for place in places
            ]
            seen.append(scp(person, protocol, local / "new", local / "none", f"server:{remote}/"))
            return [*seen, trees.there(person, remote)]


@table.case("scp -3 from the account to itself")
def _(person):
    with person.folders() as (_, remote):
        person.text(f"cd {remote}; mkdir from; echo one >from/one; ln from/one from/two")
        return [scp(person, "-3", "-r", f"server:{remote}/from", f"server:{remote}/to"), trees.there(person, remote)]


@table.case("scp of 20 MB with compression, and under a limit of 80 Mbit/s")
def _(person):
    with person.folders() as (local, remote):
        (local / "large").write_bytes(bytes(range(256)) * 80_000)
        seen = [
            scp(person, "-C", local / "large", f"server:{remote}/"),
            scp(person, "-l", "80000", f"server:{remote}/large", local / "back"),
        ]
        return [*seen, trees.here(person, local), trees.there(person, remote)]


# --- sftp

SAMPLE = """cd work; mkdir folder; echo one >one; echo two, longer >two; ln -s one link; printf x >folder/.hidden
    touch -d 2001-09-09T01:46:40Z one folder/.hidden; touch -d 2011-01-02T03:04:05Z two folder
    touch -hd 2012-12-12T12:12:12Z link
    chmod 4750 two; chmod 600 one; touch -d 2011-01-02T03:04:05Z ."""


@table.case("sftp ls in all its forms")
def _(person):
    with person.folders():
        person.text(SAMPLE)
        forms = "|-1|-a|-l|-la|-n|-lh|-t|-S|-r|-f|-l folder|-a folder|-ld|*o|-l no*thing".split("|")
        batch = "cd work\npwd\n" + "".join(f"-ls {form}\n" for form in forms)
        # ".." is the home, which other cases change.
        return re.sub(r".* \.\.$", "..", sftp(person, batch)["out"], flags=re.M), sftp(person, batch)["status"]


@table.case("sftp get and put of a tree, with times and modes")
def _(person):
    with person.folders() as (local, _):
        trees.make_tree(local / "sent")
        uploads = f"put -Rp {local}/sent work/kept\nput -R {local}/sent work/new\n"
        seen = sftp(person, f"{uploads}get -Rp work/kept {local}/back")
        return [seen, trees.there(person, "work"), trees.here(person, local / "back")]


@table.case("sftp: what changes names and modes")
def _(person):
    with person.folders():
        person.text(SAMPLE)
        changes = (
            "mkdir new; mkdir new; rmdir folder; rmdir new; rename one three; rename three two; rename none x; ln "
            "two hard; ln -s two soft; symlink /etc/hostname out; rm link; rm none; rm folder; rmdir none; chmod "
            "640 two; chmod 0777 none; chmod 1755 folder; chown 0 two; chgrp 0 two; ln none x; rename folder hard"
        ).split("; ")
        return [sftp(person, "cd work\n" + "".join(f"-{change}\n" for change in changes)), trees.there(person, "work")]


@table.case("sftp: what cannot be done")
def _(person):
    with person.folders() as (local, _):
        person.text(SAMPLE + "; chmod 0 one; mkdir -m 500 closed")
        (local / "new").write_text("new\n")
        lines = (
            "get none; get one; get folder; cd none; cd two; ls none; mkdir none/x; mkdir closed/x; rm "
            f"/etc/passwd; put {local}/new closed/new; put {local}/new /etc/new; put {local}/none; mkdir /etc/x; "
            "rename two /proc/x; ls closed; lcd /none; df none; nonsense; get /etc/shadow; ls -l /root"
        ).split("; ")
        together = sftp(person, f"lcd {local}\ncd work\n" + "".join(f"-{line}\n" for line in lines))
        return [together, *(sftp(person, f"lcd {local}\ncd work\n{line}\nmkdir never")["status"] for line in lines[:6])]


@table.case("sftp: a download and an upload that are resumed")
def _(person):
    with person.folders() as (local, _):
        (local / "whole").write_bytes(bytes(range(256)) * 8_000)
        (local / "part").write_bytes(bytes(range(256)) * 3_000)
        uploads = f"put {local}/whole work/\nput {local}/part work/\nreput {local}/whole work/part\n"
        downloads = f"reget work/whole {local}/part\n-reget work/none"
        return [sftp(person, uploads + downloads), trees.there(person, "work"), trees.here(person, local)]


@table.case("sftp df, with the numbers of files and bytes left out")
def _(person):
    seen = sftp(person, "df\ndf -h\ndf -i\ndf /etc")
    return {**seen, "out": re.sub(r"[\d.]+[KMGT]?B?", "N", re.sub(" +", " ", seen["out"]))}


@table.case("sftp: protocol, extensions and limits of the server")
def _(person):
    seen = sftp(person, "pwd", "-vvv")
    return [
        line
        for line in seen["err"].splitlines()
        if re.search("extension|[Rr]emote version|limits|server upload|subsystem", line)
    ]


@table.case("sftp to a server that the client names")
def _(person):
    with person.folders():
        named = sftp(person, "mkdir work/made\nls work", "-s", "/usr/lib/openssh/sftp-server")
        return [named, sftp(person, "ls", "-s", "/no/such/server")]


@table.case("sftp of one file, named with the host")
def _(person):
    with person.folders() as (local, _):
        person.text("echo found >'work/a name'")
        argv = ["sftp", *person.client.options]
        seen = [person.local(*argv, f"server:work/{name}", str(local)) for name in ("a\\ name", "none")]
        return [*seen, trees.here(person, local)]


@table.case("sftp of a folder with 2000 files")
def _(person):
    with person.folders() as (local, _):
        person.text("cd work; seq -w 2000 | xargs touch -d @1000000000")
        seen = sftp(person, f"ls -l work\nget -p work/1*9 {local}/")
        return [seen["status"], seen["err"], seen["out"].count("\n"), trees.here(person, local)]


@table.case("sftp of 20 MB each way, many requests at once and few")
def _(person):
    with person.folders() as (local, _):
        (local / "large").write_bytes(bytes(range(256)) * 80_000)
        seen = [sftp(person, f"put {local}/large work/\nget work/large {local}/many", "-R", "256")]
        seen.append(sftp(person, f"get work/large {local}/few", "-R", "2", "-B", "8192"))
        return [*seen, trees.here(person, local), trees.there(person, "work")]
