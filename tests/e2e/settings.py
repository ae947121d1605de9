# Settings changed by tests: of accounts, and in the server's labgpu.json.
import contextlib
import json

CONFIG = "/etc/labgpu/labgpu.json"


def set_user(client, server, *assignments):
    """`labgpu user set` for the client's account; it has to succeed."""
    return server.labgpu("user", "set", client.user, *assignments).ok()


def made_with(server, new_user, *assignments):
    """A new account with these settings, before its container is made."""
    user = new_user()
    set_user(user, server, *assignments)
    return user


def container_status(server, client):
    """What `labgpu status --json` says of one account's container."""
    return server.labgpu_json("status", client.user)["containers"][0]


def cgroup_value(client, v1, v2):
    """A file of the container's own cgroup, as a process in it reads it: "memory/memory.limit_in_bytes", "memory.max"."""
    return client.ssh(f"cat /sys/fs/cgroup/{v1} 2>/dev/null || cat /sys/fs/cgroup/{v2}").ok().text


def reload(server):
    return server.try_sh("systemctl reload labgpud.service")


@contextlib.contextmanager
def no_space_for_images(server):
    """Docker finds its disk full whenever it makes an image's layer."""
    driver = server.sh("docker info -f '{{.DockerRootDir}}/image/{{.Driver}}'").text
    where = f"{driver}/layerdb/tmp"
    server.sh(f"mkdir -p {where} && mount -t tmpfs -o size=64k tmpfs {where} && ! head -c 1M /dev/zero 2>/dev/null >{where}/filler")
    try:
        yield
    finally:
        server.sh(f"umount {where}")


@contextlib.contextmanager
def configuration(server, content):
    """labgpu.json with this content (a text, or what json.dumps takes), reloaded; as it was afterwards."""
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    server.sh(f"cp -a {CONFIG} /var/tmp/e2e-labgpu.json")
    try:
        server.write(CONFIG, text.encode())
        yield reload(server)
    finally:
        server.sh(f"cp -a /var/tmp/e2e-labgpu.json {CONFIG} && systemctl reload labgpud.service")
