"""Debian's docker-registry, which keeps images in an emulated S3 and redirects to it, and skopeo.

Inside a namespace, the same servers stand at addresses of their own.
"""

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAMS = ("docker-registry", "skopeo")
_BUCKET = "layers"
_KEY, _SECRET = "AKIAIOSFODNN7EXAMPLE", "tell-no-one"


def lacking() -> list[str]:
    """Return which programs this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses."""
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        port: int = tcp.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where a server stands: its ``name`` in URLs, and what it binds."""

    name: str
    address: str = "127.0.0.1"
    port: int = 443

    @property
    def authority(self) -> str:
        """The name, with the port where that is not HTTPS's own."""
        return self.name if self.port == 443 else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The servers that run; ``folder`` holds ``ca.pem`` and the servers' ``cert.pem``."""

    registry: At
    store: At
    folder: Path

    def image(self, version: str) -> str:
        """Return the reference of an image."""
        return f"{self.registry.authority}/team/app:{version}"

    def skopeo(self, *arguments: str, seconds: int = 20) -> subprocess.CompletedProcess[str]:
        """Run skopeo to its end, whichever that is."""
        return subprocess.run(
            ["skopeo", "--insecure-policy", f"--command-timeout={seconds}s", *arguments],
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            timeout=seconds + 20,
            check=False,
        )

    def push(self, layout: Path, name: str, *options: str) -> None:
        """Copy ``name`` of an OCI layout to the registry, with all its platforms."""
        copied = self.skopeo(
            "copy", "--all", *options, f"oci:{layout}:{name}", f"docker://{self.image(name)}"
        )
        assert copied.returncode == 0, copied.stderr

    def inspect(self, image: str) -> dict[str, Any]:
        """Return what skopeo says of an image."""
        told = self.skopeo("inspect", f"docker://{image}")
        assert told.returncode == 0, told.stderr
        described: dict[str, Any] = json.loads(told.stdout)
        return described

    def blobs(self) -> Any:  # noqa: ANN401 - boto3's resources have no types of their own
        """Return the bucket."""
        import boto3
        from botocore.config import Config

        session = boto3.session.Session(_KEY, _SECRET, region_name="us-east-1")
        store = session.resource(
            "s3",
            endpoint_url=f"https://{self.store.authority}",
            verify=str(self.folder / "ca.pem"),
            config=Config(proxies={}, s3={"addressing_style": "path"}),
        )
        return store.Bucket(_BUCKET)


@contextlib.contextmanager
def running(folder: Path, registry: At, store: At) -> Iterator[Peers]:
    """Run both servers with the certificate ``cert.pem`` (with its key) that ``folder`` holds."""
    pem = str(folder / "cert.pem")
    moto = [sys.executable, "-m", "moto.server", "-H", store.address, "-p", str(store.port)]
    config = folder / "registry.json"  # which is YAML, too
    config.write_text(json.dumps(_config(registry, store, pem)))
    peers = Peers(registry=registry, store=store, folder=folder)
    with _running([*moto, "-c", pem, "-k", pem], store, folder):
        peers.blobs().create()
        with _running(["docker-registry", "serve", str(config)], registry, folder):
            yield peers


def _config(registry: At, store: At, pem: str) -> dict[str, object]:
    s3 = {
        "accesskey": _KEY,
        "secretkey": _SECRET,
        "region": "us-east-1",
        "regionendpoint": f"https://{store.authority}",
        "bucket": _BUCKET,
    }
    return {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"s3": s3, "redirect": {"disable": False}},
        "http": {
            "addr": f"{registry.address}:{registry.port}",
            "tls": {"certificate": pem, "key": pem},
        },
    }


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment without this one's AWS variables: AWS_CA_BUNDLE has it panic."""
    bundle = str(folder / "ca.pem")
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "SSL_CERT_FILE": bundle}


@contextlib.contextmanager
def _running(command: list[str], at: At, folder: Path) -> Iterator[None]:
    log = folder / f"{Path(command[0]).name}.log"
    with (
        log.open("wb") as said,
        subprocess.Popen(
            command, env=_environment(folder), stdout=said, stderr=subprocess.STDOUT
        ) as child,
    ):
        try:
            until = time.monotonic() + 20
            while not _answers(at):
                assert child.poll() is None, log.read_text()
                assert time.monotonic() < until, f"{command[0]} does not listen"
                time.sleep(0.05)
            yield
        finally:
            child.terminate()


def _answers(at: At) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(at.address, at.port, timeout=5, context=context)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/")
        return bool(connection.getresponse().status)
    return False
