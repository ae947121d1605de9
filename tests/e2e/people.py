# Accounts of labgpu's for the people who use the laptops.
from client import Client


def add_user(server, laptop, name, *options):
    """`labgpu user add` with a fresh key; OPTIONS are more of that command. Returns the Client."""
    client = Client(laptop, name)
    key_file = f"/var/tmp/{name}.pub"
    server.write(key_file, client.public_key.encode())
    server.labgpu("user", "add", name, "--key", key_file, *options).ok()
    return client
