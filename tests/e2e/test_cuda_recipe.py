# images/cuda: what is in an image made from the recipe, as somebody sees it who logs in. NVIDIA's base is played by a Debian
# with the files that tell its versions; the machine's Docker builds it, because the test host has no network.
import hashlib
import pathlib
import shutil
import tempfile

import pytest

from processes import run
from terminal import Terminal

pytestmark = pytest.mark.long

RECIPE = pathlib.Path(__file__).parents[2] / "images/cuda"
NAME = "labgpu-test-cuda"
MIRROR = "http://deb.debian.org"

CUDA_FILES = {
    "usr/local/cuda/version.json": '{\n "cuda" : {\n  "name" : "CUDA SDK",\n  "version" : "12.6.20250107"\n }\n}\n',
    "usr/include/cudnn_version.h": "#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 5\n#define CUDNN_PATCHLEVEL 1\n",
}
INSTALLER = '#!/bin/sh\nmkdir -p "$3/bin"; printf "#!/bin/sh\\necho conda 24.11.3\\n" >"$3/bin/conda"; chmod +x "$3/bin/conda"\n'
SUM = hashlib.sha256(INSTALLER.encode()).hexdigest()


def docker(*arguments, timeout=120, stdin=b""):
    return run(["docker", *map(str, arguments)], stdin, timeout)


class Builder:
    def __init__(self, release, rootfs):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="labgpu-cuda-", dir="/var/tmp"))
        self.plain = f"{NAME}-plain:{release}"
        self.nvidia = f"{NAME}-nvidia:{release}"
        docker("import", "-c", "ENV LANG=C", rootfs, self.plain, timeout=300).ok()
        self._make_nvidia()

    def _make_nvidia(self):
        for name, text in {**CUDA_FILES, "opt/installer.sh": INSTALLER}.items():
            path = self.directory / "base" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.directory / "Dockerfile").write_text(f"FROM {self.plain}\nCOPY base /\n")
        docker("build", "-t", self.nvidia, self.directory).ok()

    def build(self, tag, base, **arguments):
        """The recipe on that base; the arguments are the recipe's."""
        options = [f"--build-arg={key}={value}" for key, value in {"BASE_IMAGE": base, **arguments}.items()]
        return docker("build", "--network", "host", "-t", f"{NAME}:{tag}", *options, RECIPE, timeout=1200)

    def save(self, tag):
        docker("save", "-o", self.directory / "image.tar", f"{NAME}:{tag}", timeout=300).ok()
        return self.directory / "image.tar"

    def remove(self):
        docker("rmi", "-f", self.nvidia, self.plain, f"{NAME}:full", f"{NAME}:bare")
        shutil.rmtree(self.directory)


@pytest.fixture(scope="module")
def builder(server):
    made = Builder(server.release, server.testhost("user-image", server.release, "plain", timeout=900).ok().text)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def full(builder, server):
    """An image with everything, on the server under test."""
    builder.build(
        "full", builder.nvidia, APT_MIRROR=MIRROR, PIP_INDEX="https://pypi.example/simple",
        CONDA_INSTALLER="file:///opt/installer.sh", CONDA_SHA256=SUM, CONDA_CHANNEL="https://conda.example/cloud/",
    ).ok()  # fmt: skip
    with open(builder.save("full"), "rb") as tar:
        server.testhost("exec", server.name, "docker", "load", stdin=tar, timeout=300).ok()
    return f"{NAME}:full"


def test_somebody_works_in_it(server, full, new_user):
    user = new_user("--image", full)
    assert user.ssh("locale charmap; echo $LANG", timeout=60).ok().text.split() == ["UTF-8", "C.UTF-8"]
    assert user.ssh("locale -a").ok().text.split().count("zh_CN.utf8") == 1
    assert user.ssh("LANG=zh_CN.UTF-8 date -d 2026-01-01 +%B").ok().text == "一月"
    assert user.ssh("cat >'中文 文件' && cat 中文*", stdin="你好,世界\n".encode()).ok().text == "你好,世界"
    assert user.ssh("sudo -n id -u").ok().text == "0"
    tools = "cc cmake curl git htop less man nano ping python3 rsync ssh tmux unzip vim wget zsh ip conda"
    assert user.ssh(f"for tool in {tools}; do command -v $tool >/dev/null || echo no $tool; done").ok().text == ""
    user.ssh("python3 -m venv venv && echo 'int main(){}' >a.c && cc a.c").ok()
    assert user.sftp("ls -l\n").ok().text
    assert "pypi.example" in user.ssh("cat /etc/pip.conf").ok().text
    assert "https://conda.example/cloud\n" in user.ssh("cat /opt/conda/.condarc").ok().out.decode()
    assert user.ssh("ls /usr/sbin/sshd; ls /usr/local/lib/labgpu-image").out == b""
    assert user.ssh("sudo cut -d: -f2 /etc/shadow | grep -v '^[!*]'").out == b""


def test_a_terminal_greets_with_the_versions_and_takes_chinese(server, full, new_user):
    user = new_user("--image", full)
    with Terminal(user, None) as terminal:
        terminal.ssh.expect_exact("CUDA:   12.6.20250107")
        terminal.ssh.expect_exact("cuDNN:  9.5.1")
        terminal.ssh.expect_exact("conda:  24.11.3")
        terminal.ssh.sendline("printf '[%s]' 中文")
        terminal.ssh.expect_exact("[中文]".encode())


def test_without_them_it_says_so_and_a_wrong_sum_fails(builder):
    builder.build("bare", builder.plain, APT_MIRROR=MIRROR).ok()
    greeting = docker("run", "--rm", f"{NAME}:bare", "cat", "/etc/motd").ok().text
    for what in ("CUDA:   not installed", "cuDNN:  not installed", "conda:  not installed"):
        assert what in greeting
    wrong = {"CONDA_INSTALLER": "file:///opt/installer.sh", "CONDA_SHA256": "0" * 64}
    assert builder.build("wrong", builder.nvidia, APT_MIRROR=MIRROR, **wrong).status != 0
    missing = builder.build("wrong", builder.nvidia, APT_MIRROR=MIRROR, CONDA_INSTALLER="file:///opt/installer.sh")
    assert "CONDA_INSTALLER needs CONDA_SHA256" in (missing.text + missing.error) and missing.status != 0
