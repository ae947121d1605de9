# A Varlink client on the server: Debian 13's varlinkctl, or where there is none a few lines of Python's.
import json
import re

PYTHON_CLIENT = """
import json, socket, sys
path, method, parameters = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(path)
    connection.sendall(json.dumps({"method": method, "parameters": json.loads(parameters)}).encode() + b"\\0")
    data = b""
    while not data.endswith(b"\\0"):
        data += connection.recv(65536) or sys.exit("hung up")
reply = json.loads(data[:-1])
print(json.dumps(reply.get("parameters", {})))
sys.exit("failed: " + reply["error"] if "error" in reply else 0)
"""


class Varlink:
    """Calls go to one socket, and root makes them."""

    def __init__(self, server, address):
        self.server = server
        self.address = address
        self.has_varlinkctl = server.try_sh("command -v varlinkctl").status == 0

    def run(self, method, parameters):
        """The program's Result: the reply as JSON on its standard output, an error's name on its standard error."""
        program = ["varlinkctl", "call", "--json=short"] if self.has_varlinkctl else ["python3", "-c", PYTHON_CLIENT]
        command = [*program, self.address, method, json.dumps(parameters)]
        return self.server.testhost("exec", self.server.name, *command, timeout=150)

    def call(self, method, parameters):
        return json.loads(self.run(method, parameters).ok().out)

    def error(self, method, parameters):
        """The name of the error that a call ends with."""
        return re.search(r"failed: (\S+)", self.run(method, parameters).failed().error).group(1)

    def introspect(self, interface):
        """The interface's description."""
        if self.has_varlinkctl:
            return self.server.sh(f"varlinkctl introspect {self.address} {interface}").text
        return self.call("org.varlink.service.GetInterfaceDescription", {"interface": interface})["description"]

    def methods(self, interface):
        return set(re.findall(r"^method (\w+)\s*\(", self.introspect(interface), re.MULTILINE))

    def interfaces(self):
        if self.has_varlinkctl:
            return set(self.server.sh(f"varlinkctl list-interfaces {self.address}").text.split())
        return set(self.call("org.varlink.service.GetInfo", {})["interfaces"])
