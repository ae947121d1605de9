# Copying files with scp, sftp and rsync: both ways, whole trees, names that tend to be mangled.
import os
import shlex

import pytest

from client import NEWLINE_NAME, ODD_NAMES
from processes import run


def make_tree(directory, names=ODD_NAMES):
    """A tree with odd names, empty files, modes and links' worth of content."""
    for number, name in enumerate(names):
        folder = directory / name
        folder.mkdir(parents=True)
        (folder / name).write_bytes(os.urandom(100 * number))
    (directory / "empty").touch()
    (directory / "empty folder").mkdir()
    script = directory / "script.sh"
    script.write_bytes(b"#!/bin/sh\n")
    script.chmod(0o755)
    return directory


def contents(directory):
    """Relative path -> (mode of a file's owner, content), None for folders."""
    found = {}
    for path in sorted(directory.rglob("*")):
        relative = str(path.relative_to(directory))
        found[relative] = (path.stat().st_mode & 0o700, path.read_bytes()) if path.is_file() else None
    return found


@pytest.fixture
def remote(alice, request):
    """An empty directory in alice's home."""
    name = f"files-{abs(hash(request.node.name))}"
    alice.ssh(f"rm -rf ~/{name} && mkdir ~/{name}").ok()
    yield name
    alice.ssh(f"rm -rf ~/{name}").ok()


@pytest.fixture
def trees(tmp_path):
    return make_tree(tmp_path / "sent"), tmp_path


@pytest.mark.parametrize("protocol", ["-s", "-O"], ids=["sftp", "legacy"])
def test_scp_of_a_tree_both_ways(alice, remote, trees, protocol):
    sent, directory = trees
    alice.scp(protocol, "-rp", sent, f"server:{remote}/").ok()
    alice.scp(protocol, "-rp", f"server:{remote}/sent", f"{directory}/received").ok()
    assert contents(directory / "received") == contents(sent)


@pytest.mark.parametrize("protocol", ["-s", "-O"], ids=["sftp", "legacy"])
def test_scp_of_one_large_file_both_ways(alice, remote, tmp_path, protocol):
    (tmp_path / "sent").write_bytes(os.urandom(20_000_003))
    alice.scp(protocol, f"{tmp_path}/sent", f"server:{remote}/file").ok()
    alice.scp(protocol, f"server:{remote}/file", f"{tmp_path}/received").ok()
    assert (tmp_path / "received").read_bytes() == (tmp_path / "sent").read_bytes()


def test_scp_lands_in_the_container(server, alice, tmp_path):
    (tmp_path / "file").write_text("for the container\n")
    alice.scp(f"{tmp_path}/file", "server:/var/tmp/only-in-the-container").ok()
    assert alice.ssh("cat /var/tmp/only-in-the-container").ok().text == "for the container"
    assert server.try_sh("test -e /var/tmp/only-in-the-container").status == 1


@pytest.mark.parametrize("name", [*ODD_NAMES, NEWLINE_NAME])
def test_scp_of_a_name(alice, remote, tmp_path, name):
    (tmp_path / name).write_text(name)
    alice.scp("-s", f"{tmp_path}/{name}", f"server:{remote}/").ok()
    assert alice.ssh(f"cat ~/{remote}/{shlex.quote(name)}").ok().out == name.encode()


def test_scp_missing_file_fails(alice, tmp_path):
    for protocol in ("-s", "-O"):
        result = alice.scp(protocol, "server:no-such-file", f"{tmp_path}/x").failed()
        assert "No such file" in result.error, result


def test_sftp_batch(alice, remote, tmp_path):
    (tmp_path / "sent").write_bytes(b"one\n")
    batch = f"""
        cd {remote}
        mkdir "新 folder"
        put {tmp_path}/sent "新 folder/a name"
        rename "新 folder/a name" "新 folder/b"
        symlink b "新 folder/link"
        chmod 640 "新 folder/b"
        get "新 folder/link" {tmp_path}/received
        ls -l "新 folder"
        put {tmp_path}/sent gone
        rm gone
    """
    result = alice.sftp(batch).ok()
    assert "-rw-r-----" in result.text, result
    assert (tmp_path / "received").read_bytes() == b"one\n"
    assert alice.ssh(f"find {remote} | sort").ok().text.splitlines() == [
        remote,
        f"{remote}/新 folder",
        f"{remote}/新 folder/b",
        f"{remote}/新 folder/link",
    ]


def test_sftp_batch_stops_at_an_error(alice, remote):
    result = alice.sftp(f"cd {remote}\nget no-such-file\nmkdir never").failed()
    assert "not found" in result.error, result
    assert alice.ssh(f"ls {remote}").ok().text == ""


def test_sftp_sees_the_containers_files(alice, tmp_path):
    alice.sftp(f"get /etc/hostname {tmp_path}/hostname").ok()
    assert (tmp_path / "hostname").read_text() == "alice-VM\n"


def test_rsync_with_deletes_and_odd_names(alice, remote, tmp_path):
    sent = make_tree(tmp_path / "sent", [*ODD_NAMES, NEWLINE_NAME])
    (sent / "link").symlink_to("script.sh")
    alice.rsync("-a", f"{sent}/", f"server:{remote}/").ok()
    alice.ssh(f"touch {remote}/surplus; mkdir {remote}/surplus-folder").ok()
    (sent / "script.sh").write_text("changed\n")
    (sent / "empty").unlink()
    alice.rsync("-a", "--delete", f"{sent}/", f"server:{remote}/").ok()
    received = tmp_path / "received"
    alice.rsync("-a", f"server:{remote}/", f"{received}/").ok()
    assert contents(received) == contents(sent)
    assert os.readlink(received / "link") == "script.sh"
    unchanged = alice.rsync("-ai", "--delete", f"{sent}/", f"server:{remote}/").ok()
    assert unchanged.out == b"", "a second run has to find nothing to do"


def test_git_push_and_clone(alice, remote, tmp_path):
    repository = tmp_path / "repository"
    url = f"server:{remote}/repository.git"
    git_ssh = {**alice.environment, "GIT_SSH_COMMAND": shlex.join(["ssh", *alice.options])}
    identity = ["-c", "user.name=Alice", "-c", "user.email=alice@laptop", "-c", "init.defaultBranch=main"]
    alice.ssh(f"git init -q --bare -b main {remote}/repository.git").ok()
    for words in (
        ["init", "-q", str(repository)],
        ["-C", str(repository), "commit", "-q", "--allow-empty", "-m", "first"],
        ["-C", str(repository), "push", "-q", url, "HEAD:main"],
        ["clone", "-q", url, str(tmp_path / "clone")],
    ):
        from_git(identity, words, git_ssh)
    log = from_git(identity, ["-C", str(tmp_path / "clone"), "log", "--format=%s"], git_ssh)
    assert log == "first"


def from_git(identity, words, environment):
    return run(["git", *identity, *words], env=environment).ok().text
