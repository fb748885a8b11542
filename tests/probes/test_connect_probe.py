"""The TCP and TLS probe against servers that fail in every way that a path can."""

import asyncio
import contextlib
import datetime
import resource
import socket
import ssl
from pathlib import Path

import pytest
import tls_servers
import trustme

from pytest_ecs_privatelink.probes.connect import connect
from pytest_ecs_privatelink.probes.records import ConnectAnswer, ConnectQuestion, ConnectStatus

NAME = "api.ecr.us-east-1.amazonaws.com"
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return the CA that the probe is told to trust."""
    return trustme.CA(organization_name="Lab CA")


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of the authority's bundle."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def ask(
    treat: tls_servers.Treatment,
    *,
    ca_file: str | None = None,
    server_name: str | None = NAME,
    timeout: float = 3.0,
) -> ConnectAnswer:
    """Probe a server that treats its one connection so; fail on a second connection."""
    with tls_servers.server(treat) as (port, peers):
        question = ConnectQuestion(
            address="127.0.0.1",
            port=port,
            server_name=server_name,
            ca_file=ca_file,
            timeout=timeout,
        )
        answer = asyncio.run(connect(question))
    assert peers == ["127.0.0.1"]
    return answer


def test_valid_certificate_opens(authority: trustme.CA, ca_file: str) -> None:
    """A handshake that verifies is open, with both phases timed and the certificate told."""
    certificate = authority.issue_cert(NAME, "*.dkr.ecr.us-east-1.amazonaws.com")

    answer = ask(tls_servers.tls(certificate), ca_file=ca_file)

    assert (answer.status, answer.phase, answer.detail) == (ConnectStatus.OPEN, "tls", "")
    assert [phase.name for phase in answer.phases] == ["connect", "tls"]
    assert all(phase.ms > 0 for phase in answer.phases)
    assert answer.tls_version == "TLSv1.3"
    assert answer.names == (NAME, "*.dkr.ecr.us-east-1.amazonaws.com")
    assert answer.issuer is not None
    assert answer.issuer.endswith("O=Lab CA")
    assert answer.expires == "3000-01-01T00:00:00Z"


def test_without_a_name_only_tcp_is_asked() -> None:
    """Without server name nothing is sent after the connection stands."""
    answer = ask(tls_servers.silence, server_name=None)

    assert (answer.status, answer.phase) == (ConnectStatus.OPEN, "connect")
    assert [phase.name for phase in answer.phases] == ["connect"]
    assert answer.tls_version is None


def test_wildcard_names_hold(authority: trustme.CA, ca_file: str) -> None:
    """A registry name is covered by the certificate's wildcard."""
    certificate = authority.issue_cert("*.dkr.ecr.us-east-1.amazonaws.com")

    answer = ask(
        tls_servers.tls(certificate),
        ca_file=ca_file,
        server_name="111122223333.dkr.ecr.us-east-1.amazonaws.com",
    )

    assert answer.status is ConnectStatus.OPEN


@pytest.mark.parametrize(
    ("names", "start", "end", "detail"),
    [
        ((NAME,), -3 * DAY, -DAY, "the certificate expired ("),
        ((NAME,), DAY, 3 * DAY, "the certificate is not yet valid (is this machine's clock"),
        (("b.example", "a.example"), -DAY, DAY, "wrong name: the certificate is for b.example, a"),
    ],
)
def test_bad_certificate_says_which_way_it_is_bad(
    authority: trustme.CA,
    ca_file: str,
    names: tuple[str, ...],
    start: datetime.timedelta,
    end: datetime.timedelta,
    detail: str,
) -> None:
    """Expired, not yet valid and wrong name are told apart, from the one refused handshake."""
    certificate = authority.issue_cert(*names, not_before=NOW + start, not_after=NOW + end)

    answer = ask(tls_servers.tls(certificate), ca_file=ca_file)

    assert (answer.status, answer.phase) == (ConnectStatus.CERTIFICATE, "tls")
    assert answer.detail.startswith(detail)
    assert answer.names == names
    assert answer.expires == (NOW + end).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer.issuer is not None


def test_unknown_issuer_is_likely_tls_inspection(ca_file: str) -> None:
    """A certificate of somebody else's CA names that CA and the usual reason."""
    middlebox = trustme.CA(organization_name="Corp Proxy")

    answer = ask(tls_servers.tls(middlebox.issue_cert(NAME)), ca_file=ca_file)

    assert answer.status is ConnectStatus.CERTIFICATE
    assert answer.detail.startswith("unknown issuer (")
    assert "O=Corp Proxy), likely TLS inspection: unable to get local issuer" in answer.detail


def test_default_trust_does_not_hold_a_private_ca(authority: trustme.CA) -> None:
    """Without a bundle the machine's own trust decides."""
    answer = ask(tls_servers.tls(authority.issue_cert(NAME)))

    assert answer.status is ConnectStatus.CERTIFICATE
    assert "likely TLS inspection" in answer.detail


def test_default_trust_follows_ssl_cert_file(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE is the default trust, also when it changes within a process."""
    treat = tls_servers.tls(authority.issue_cert(NAME))
    assert ask(treat).status is ConnectStatus.CERTIFICATE

    monkeypatch.setenv("SSL_CERT_FILE", ca_file)

    assert ask(treat).status is ConnectStatus.OPEN


def test_bundle_that_changes_is_read_again(authority: trustme.CA, tmp_path: Path) -> None:
    """A bundle rewritten between two probes counts for the second one."""
    bundle = tmp_path / "ca.pem"
    treat = tls_servers.tls(authority.issue_cert(NAME))
    trustme.CA().cert_pem.write_to_path(str(bundle))
    assert ask(treat, ca_file=str(bundle)).status is ConnectStatus.CERTIFICATE

    bundle.unlink()
    authority.cert_pem.write_to_path(str(bundle))

    assert ask(treat, ca_file=str(bundle)).status is ConnectStatus.OPEN


@pytest.mark.parametrize(
    ("treat", "status", "detail"),
    [
        (tls_servers.plaintext, ConnectStatus.HANDSHAKE, "the peer does not speak TLS ("),
        (
            tls_servers.close,
            ConnectStatus.HANDSHAKE,
            "the peer closed the connection during the handshake",
        ),
        (tls_servers.reset, ConnectStatus.RESET, "ECONNRESET: Connection reset by peer"),
    ],
)
def test_broken_handshakes_are_told_apart(
    treat: tls_servers.Treatment, status: ConnectStatus, detail: str, ca_file: str
) -> None:
    """Another protocol, a hang-up and a reset are three things, all in phase tls."""
    answer = ask(treat, ca_file=ca_file)

    assert (answer.status, answer.phase) == (status, "tls")
    assert answer.detail.startswith(detail)
    assert answer.issuer is None


def test_old_tls_has_no_version_in_common(authority: trustme.CA, ca_file: str) -> None:
    """A server that speaks TLS 1.1 at most is a failed handshake with that reason."""
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1 is deprecated"):
        treat = tls_servers.tls(authority.issue_cert(NAME), newest=ssl.TLSVersion.TLSv1_1)

    answer = ask(treat, ca_file=ca_file)

    assert (answer.status, answer.phase) == (ConnectStatus.HANDSHAKE, "tls")
    assert answer.detail.startswith("no TLS version in common (")


def test_silent_handshake_is_a_timeout_in_tls(ca_file: str) -> None:
    """A peer that accepts and says nothing ends the probe at the deadline, in phase tls."""
    answer = ask(tls_servers.silence, ca_file=ca_file, timeout=0.2)

    assert (answer.status, answer.phase) == (ConnectStatus.TIMEOUT, "tls")
    assert answer.detail == "no answer in phase tls within 0.2 s"
    assert 190 <= answer.duration_ms < 1000


def test_dropped_syn_is_a_timeout_in_connect() -> None:
    """A SYN that nobody answers ends the probe at the deadline, in phase connect."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        # Once the backlog is full, Linux drops further SYNs.
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)

        question = ConnectQuestion(
            address="127.0.0.1", port=address[1], server_name=NAME, timeout=0.2
        )
        answer = asyncio.run(connect(question))

    assert (answer.status, answer.phase) == (ConnectStatus.TIMEOUT, "connect")
    assert answer.detail == "no answer in phase connect within 0.2 s"
    assert [phase.name for phase in answer.phases] == ["connect"]


def test_closed_port_is_refused() -> None:
    """A port where nobody listens refuses at once, and is not called reachable."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]

    answer = asyncio.run(connect(ConnectQuestion(address="127.0.0.1", port=port)))

    assert (answer.status, answer.phase) == (ConnectStatus.REFUSED, "connect")
    assert answer.detail == "ECONNREFUSED: Connection refused"


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        (ConnectQuestion(address="localhost"), "'localhost' is no address"),
        (ConnectQuestion(address="127.0.0.1", port=70000), "70000 is no port"),
        (ConnectQuestion(address="127.0.0.1", port=0), "0 is no port"),
        (ConnectQuestion(address="127.0.0.1", server_name=""), "'' is no host name"),
        (
            ConnectQuestion(address="127.0.0.1", server_name=NAME, ca_file="/no/such.pem"),
            "the CA bundle /no/such.pem cannot be used: No such file or directory",
        ),
    ],
)
def test_faults_of_the_question_send_nothing(question: ConnectQuestion, detail: str) -> None:
    """A question that cannot be asked fails with its reason before anything is sent."""
    answer = asyncio.run(connect(question))

    assert (answer.status, answer.phase, answer.phases) == (ConnectStatus.FAILED, "connect", ())
    assert answer.detail == detail


def test_bundle_without_certificates_is_a_local_fault(tmp_path: Path) -> None:
    """A file that is no PEM bundle says nothing about the path."""
    bundle = tmp_path / "empty.pem"
    bundle.write_text("not PEM")

    answer = asyncio.run(
        connect(ConnectQuestion(address="127.0.0.1", server_name=NAME, ca_file=str(bundle)))
    )

    assert answer.status is ConnectStatus.FAILED
    assert answer.detail.startswith(f"the CA bundle {bundle} cannot be used: [X509")


def test_no_descriptor_left_is_a_local_fault() -> None:
    """EMFILE is this machine's trouble and never a verdict about the path."""

    async def probe_without_descriptors() -> ConnectAnswer:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with open("/dev/null", "rb") as lowest:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno(), hard))
        try:
            return await connect(ConnectQuestion(address="127.0.0.1", port=9))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    answer = asyncio.run(probe_without_descriptors())

    assert answer.status is ConnectStatus.FAILED
    assert answer.detail == "no socket on this machine: Too many open files"


def test_source_is_dialled_from() -> None:
    """With a source the probe comes from that address and port, also twice in a row."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        question = ConnectQuestion(address="127.0.0.1", port=listener.getsockname()[1])
        with socket.socket() as probe:
            probe.bind(("127.0.0.2", 0))
            source = probe.getsockname()
        for _ in range(2):
            answer = asyncio.run(connect(question, source))
            connection, peer = listener.accept()
            connection.close()
            assert answer.status is ConnectStatus.OPEN
            assert peer == source
        answer = asyncio.run(connect(question, ("127.0.0.3", 0)))
        connection, peer = listener.accept()
        connection.close()
    assert peer[0] == "127.0.0.3"


def test_source_that_cannot_be_used() -> None:
    """A source that is in use, or somebody else's, proves nothing about the path."""
    question = ConnectQuestion(address="127.0.0.1", port=9)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = asyncio.run(connect(question, listener.getsockname()))
    foreign = asyncio.run(connect(question, ("203.0.113.1", 0)))
    assert (taken.status, foreign.status) == (ConnectStatus.FAILED, ConnectStatus.FAILED)
    assert taken.detail.endswith(": Address already in use")
    assert foreign.detail == "cannot dial from 203.0.113.1: Cannot assign requested address"
