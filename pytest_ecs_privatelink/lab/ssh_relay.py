"""What ssh connects through: ``python ssh_relay.py SOCKET`` joins its own pipes with a Unix socket.

Run by its path, without site-packages: it starts in some milliseconds, and knows nothing of us.
"""

import os
import select
import socket
import sys

_PIECE = 65536


def main(path: str) -> None:
    """Carry bytes both ways until the host ends."""
    with socket.socket(socket.AF_UNIX) as host:
        host.connect(path)
        ways = {0: host.fileno(), host.fileno(): 1}
        while True:
            for source in select.select(list(ways), [], [])[0]:
                piece = os.read(source, _PIECE)
                if not piece and source != 0:
                    return
                if not piece:
                    host.shutdown(socket.SHUT_WR)
                    del ways[source]
                while piece:
                    piece = piece[os.write(ways[source], piece) :]


if __name__ == "__main__":
    if not sys.argv[1].startswith("/"):
        sys.exit(f"the lab has no container instance at {sys.argv[1]}")
    main(sys.argv[1])
