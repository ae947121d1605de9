# The people who log in while things break: where each belongs, and what each has to lose.
import hashlib
import secrets

from client import Client
from judge import Place
from people import add_user

ACCOUNTS = ["alice", "bob", "dora", "eve"]
NAMESPACES = "/proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/net /proc/self/ns/uts"


class Person:
    """A client, its place, and the ledger of what the server said it keeps."""

    def __init__(self, client, place, layer):
        self.client = client
        self.name = client.user
        self.place = place
        self.layer = layer  # a folder outside the home; in a container a file there is in the container's own layer
        self.ledger = {}  # path: SHA-256

    @property
    def managed(self):
        return not self.place.on_host

    def whereabouts(self, nonce, between="true"):
        """A script that says where it runs, does something, and says at last that it got so far."""
        return (
            f"echo {nonce}; id -un; hostname; cat ~/.faults-token {self.layer}/token;"
            f" readlink {NAMESPACES}; {between}; echo {nonce}"
        )

    def keep(self, name, content):
        """A script that makes a file at home and one in the layer, and is through when both are on the disk."""
        paths = [f"{self.layer}/{name}", f"{self.home}/kept/{name}"]
        writes = "; ".join(f"echo {content} >{path} && sync {path} || exit 3" for path in paths)
        return writes, {path: hashlib.sha256(f"{content}\n".encode()).hexdigest() for path in paths}

    @property
    def home(self):
        return "/root" if self.name == "root" else f"/home/{self.name}"

    def lost(self):
        """What of the ledger is not there any more, or is something else."""
        listing = self.client.ssh(f"sha256sum {self.home}/kept/* {self.layer}/* {self.home}/up-*", timeout=60).text
        there = {path: digest for digest, path in (line.split(maxsplit=1) for line in listing.splitlines())}
        return [path for path, digest in self.ledger.items() if there.get(path) != digest]


def settle(server, client, layer, host_name, on_host):
    """Gives a person the folders and tokens, by a login like any other."""
    home_token, layer_token = secrets.token_hex(8), secrets.token_hex(8)
    become = "" if on_host else "sudo -n "
    client.ssh(
        f"""set -e
        {become}mkdir -p {layer}; {become}chown $(id -u) {layer}
        rm -rf ~/kept ~/up-* {layer}/*; mkdir -p ~/kept
        echo {home_token} >~/.faults-token; echo {layer_token} >{layer}/token; sync""",
        timeout=60,
    ).ok()
    host = tuple(server.sh(f"readlink {NAMESPACES}").text.split())
    lines = (client.user, host_name, home_token, layer_token)
    return Person(client, Place(lines, host, on_host), layer)


def gather(server, laptop):
    """Four accounts of labgpu's with running containers; and two of the host's, for whom nothing may change."""
    managed = []
    for name in ACCOUNTS:
        client = add_user(server, laptop, name)
        managed.append(settle(server, client, "/opt/faults", f"{name}-VM", on_host=False))
    own_name = server.sh("hostname").text
    of_host = [
        settle(server, Client(laptop, name), f"/var/tmp/faults-{name}", own_name, on_host=True) for name in ("root", "carol")
    ]
    return managed + of_host
