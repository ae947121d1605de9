# Images that lack what others have: a login finds what an ordinary account with the same shell finds.
import dataclasses

import pytest

from people import add_user
from person import Person
from table import Case, check

# The whole of an image that has nothing but busybox: no /etc, no libraries, no sftp server.
BUSYBOX = """
    rm -rf /var/tmp/box && mkdir -p /var/tmp/box/bin && cp /bin/busybox /var/tmp/box/bin/
    for applet in $(busybox --list); do ln -s busybox /var/tmp/box/bin/$applet 2>/dev/null; done
    tar -C /var/tmp/box -c . | docker import - {tag} && rm -rf /var/tmp/box"""

FROM_TOOLS = "printf 'FROM {base}\\nRUN {step}\\n' | docker build -q -t {tag} -"


@dataclasses.dataclass(frozen=True)
class Variant:
    """`recipe` makes the image {tag} for the account {name} with the id {uid}; `shell` is the same one on the host."""

    name: str
    shell: str
    recipe: str


def from_tools(step):
    return FROM_TOOLS.replace("{step}", step)


VARIANTS = [
    Variant("without bash", "/bin/sh", from_tools("rm -f /bin/bash /usr/bin/bash /bin/rbash")),
    Variant("without sudo", "/bin/bash", from_tools("rm /usr/bin/sudo")),
    Variant("another user has the uid", "/bin/bash", from_tools("useradd -m -u {uid} squatter")),
    Variant("busybox alone", "/usr/local/bin/sh", BUSYBOX),
    Variant("zsh is the shell", "/usr/bin/zsh", from_tools("useradd -M -u {uid} -s /usr/bin/zsh {name}")),
    Variant("fish is the shell", "/usr/bin/fish", from_tools("useradd -M -u {uid} -s /usr/bin/fish {name}")),
]


def over_sftp(person):
    """A file there and back, and what the server says to a mistake."""
    with person.folders() as (local, remote):
        (local / "file").write_bytes(bytes(range(256)))
        batch = f"cd {remote}\nput {local}/file\nls -1\nrename file other\nget other {local}/back\n"
        batch += "-rm nothing\nrm other\n"
        seen = person.client.sftp(batch)
        texts = [text.decode().replace(str(local), "LOCAL") for text in (seen.out, seen.err)]
        return seen.status, texts, (local / "back").read_bytes() == bytes(range(256))


def over_scp(person):
    with person.folders() as (local, remote):
        (local / "file").write_text("中文\n")
        there = person.client.scp(str(local / "file"), f"server:{remote}/there").status
        back = person.client.scp(f"server:{remote}/there", str(local / "back")).status
        return there, back, (local / "back").read_text()


def ssh(command, *options, stdin=b""):
    return lambda person: person.ssh(command, *options, stdin=stdin)


OBSERVATIONS = {
    "a command": ssh("echo $0; exit 3"),
    "output, errors and input": ssh("echo out; cat >&2", stdin=b"in"),
    "who it is": ssh("id -un; id -u; id -gn; pwd; echo $HOME; basename $SHELL"),
    "a script": ssh("sh -s", "-T", stdin=b"echo in; exit 4\n"),
    "killed": ssh("sh -c 'kill -9 $PPID'; echo no"),
    "a terminal": ssh("stty -echo; stty size; tty >/dev/null && echo terminal", "-tt"),
    "sftp": over_sftp,
    "scp": over_scp,
}


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant.name)
def pair(request, server, laptop, plain, tool_image):
    """plain1 with the variant's shell, and a new account of labgpu's with the variant's image."""
    variant = request.param
    name, tag = f"image{VARIANTS.index(variant)}", f"labgpu-variant:{VARIANTS.index(variant)}"
    client = add_user(server, laptop, name, "--image", tag)
    uid = int(server.sh(f"id -u {name}").text)
    server.sh(variant.recipe.format(base=tool_image, tag=tag, name=name, uid=uid), timeout=120)
    server.sh(f"ln -sf /bin/busybox /usr/local/bin/sh; usermod -s {variant.shell} plain1")
    client.ssh("true").ok()
    yield plain, Person(client, server, uid), variant
    server.sh("usermod -s /bin/bash plain1; rm /usr/local/bin/sh")
    server.labgpu("user", "remove", "--yes", name)


@pytest.mark.parametrize("what", OBSERVATIONS)
def test_same(pair, what):
    plain, person, variant = pair
    check(Case(f"image {variant.name}", what, OBSERVATIONS[what]), plain, person)


def test_without_sudo_the_command_is_missing(pair):
    _, person, variant = pair
    if variant.name == "without sudo":
        assert person.ssh("sudo -n true")["status"] == 127
    elif variant.name != "busybox alone":
        assert person.text("sudo -n id -un") == "root"
