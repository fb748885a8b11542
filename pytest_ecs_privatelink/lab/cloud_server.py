"""The cloud's process: moto's server on loopback, which ends when its parent does.

Run as ``python -m pytest_ecs_privatelink.lab.cloud_server PARENT_PID [SOCKET]`` with a pipe as
stdin. Prints one line of JSON, ``{"port": N}``, once it answers, on the Unix socket SOCKET as well;
says nothing else unless it fails. The folder of SOCKET is the run's own, and goes with a parent
that was killed; there it also looks for the files that name the lab's hosts.
"""

import contextlib
import functools
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.cloud_answers import Answers
from pytest_ecs_privatelink.lab.sockets import machines_path, task_places_path

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

SECONDS_BETWEEN_LOOKS_AT_PARENT = 1.0


def main(parent: int, path: str | None = None) -> None:
    """Serve until ``parent`` is gone: its end of stdin closed, or another parent in its place."""
    # Ctrl-C goes to the whole process group: whether the cloud ends is for the controller to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent, path), daemon=True).start()
    folder = None if path is None else Path(path).parent
    places = ("127.0.0.1", *([f"unix://{path}"] if path else []))
    server, *others = _make_servers(places, folder)
    for other in others:
        threading.Thread(target=other.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


def _end_with(parent: int, path: str | None) -> None:
    # A forked sibling may hold our stdin open, hence the second look. PR_SET_PDEATHSIG would
    # serve neither macOS nor a parent that launched us from a thread which has ended since.
    while os.getppid() == parent:
        if select.select([0], [], [], SECONDS_BETWEEN_LOOKS_AT_PARENT)[0] and not os.read(0, 64):
            break
    # One that ends as it should kills this process before it lets go of the pipe.
    if path is not None:
        shutil.rmtree(Path(path).parent, ignore_errors=True)
    os._exit(0)


def _make_servers(places: Iterable[str], folder: Path | None) -> "list[BaseWSGIServer]":
    with _quick_imports():
        import moto.ec2.responses  # noqa: F401  (else the first request waits for it)
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:
            """Say nothing: what a request brought, its sender knows."""

        def setup(self) -> None:
            # A response is two writes: without this, each waits 40 ms for a delayed ACK.
            super().setup()
            if self.connection.family == socket.AF_INET:
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    app = Answers(
        DomainDispatcherApplication(create_backend_app),
        machines=None if folder is None else machines_path(folder),
        places=None if folder is None else task_places_path(folder),
    )
    return [make_server(each, 0, app, threaded=True, request_handler=Quiet) for each in places]


@contextlib.contextmanager
def _quick_imports() -> Iterator[None]:
    """Halve the second that moto takes to import.

    Its ec2 asks three fresh sessions for the Regions, and each parses botocore's megabyte of
    endpoints anew; its tables of instance types keep the garbage collector busy for nothing.
    """
    import botocore.loaders

    gc.disable()
    botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)
    yield
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:3])
