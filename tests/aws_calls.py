"""A chain's wire to a scripted AWS service on loopback, and the marks that must never show."""

import contextlib
from collections.abc import Iterator

import https_servers
import trustme

from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.signing import Sign, signer
from pytest_ecs_privatelink.probes.wire import Wire

MARK = "tell-no-one-7f3a"
CREDENTIALS = Credentials(
    access_key="AKIATELLNOONE", secret_key=f"secret-key-{MARK}", token=f"token-{MARK}"
)
SIGN: Sign = signer(CREDENTIALS, "us-east-1")


@contextlib.contextmanager
def service(
    certificate: trustme.LeafCert,
    ca_file: str,
    *steps: https_servers.Step,
    respond: https_servers.Respond | None = None,
    timeout: float = 20.0,
) -> Iterator[tuple[Wire, https_servers.Server]]:
    """Serve ``steps`` in turn, or what ``respond`` says; yield a wire to it, and the server."""
    answering = respond or https_servers.in_turn(*steps)
    with (
        https_servers.serving(certificate, answering) as server,
        Wire(ca_file=ca_file, timeout=timeout, port=server.port) as wire,
    ):
        yield wire, server
