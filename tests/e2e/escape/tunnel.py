# Asks sshd for a network device, as `ssh -w` does; ssh itself would want one of the laptop's first.
import contextlib
import io
import logging
import threading

import paramiko

# OpenSSH's PROTOCOL, section 2.3: the channel's number, window and packet size; then layer 3, and any device.
FIELDS = (0, 1 << 20, 1 << 15, 1, 0x7FFFFFFF)


def open_tunnel(client):
    """What sshd sends for debugging while it refuses. paramiko has no call for such a channel, hence its inner ones."""
    said = io.StringIO()
    log = logging.getLogger("paramiko.tunnel")
    log.setLevel(logging.DEBUG)
    log.addHandler(logging.StreamHandler(said))
    with contextlib.closing(paramiko.Transport((client.laptop.address, 22))) as transport:
        transport.set_log_channel("paramiko.tunnel")
        transport.connect(username=client.user, pkey=paramiko.Ed25519Key.from_private_key_file(str(client.key)))
        request = paramiko.Message()
        request.add_byte(paramiko.common.cMSG_CHANNEL_OPEN)
        request.add_string("tun@openssh.com")
        for number in FIELDS:
            request.add_int(number)
        transport._channels.put(FIELDS[0], paramiko.Channel(FIELDS[0]))
        answered = transport.channel_events[FIELDS[0]] = threading.Event()
        transport._send_user_message(request)
        assert answered.wait(15), "sshd did not answer the request for a tunnel"
    return said.getvalue()
