# Opens many connections to a packet socket and holds them: hold PATH COUNT [SECONDS]; without SECONDS for ever.
# Prints "holding", how many were opened, and, with SECONDS, how many of them the other side had kept after these.
import resource
import select
import socket
import sys
import time

path, count = sys.argv[1], int(sys.argv[2])
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 64), hard))
held = []
for _ in range(count):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(5)
    try:
        connection.connect(path)
    except OSError:
        continue
    held.append(connection)
print("holding", count, end=" ", flush=True)
if len(sys.argv) > 3:
    time.sleep(float(sys.argv[3]))
    hung_up = select.poll()
    for connection in held:
        hung_up.register(connection, select.POLLIN | select.POLLHUP)
    print(len(held) - len(hung_up.poll(0)), flush=True)
else:
    time.sleep(3600)
