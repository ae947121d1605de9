# Runs on the server or in a container: sends whoever connects as many zeros as they ask for, then closes. Argument: the port.
import socketserver
import struct
import sys

ZEROS = memoryview(bytes(1 << 20))


class Sender(socketserver.StreamRequestHandler):
    def handle(self):
        wish = self.rfile.read(8)
        if not wish:
            return  # only somebody who looked whether it listens
        (left,) = struct.unpack("!Q", wish)
        while left > 0:
            left -= self.request.send(ZEROS[:left])


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", int(sys.argv[1])), Sender).serve_forever()
