"""How the network failed, and where an address leads."""

import pytest
from stop_texts import STOP_TEXTS
from stop_told import after, filled

from pytest_ecs_privatelink.stopped.explain import explain_text
from pytest_ecs_privatelink.verdict import Code

TOKEN = next(row for row in STOP_TEXTS if row.number == "1")


@pytest.mark.parametrize(
    ("how", "code", "sentence"),
    [
        (
            "dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host",
            Code.DNS_NXDOMAIN,
            "the name api.ecr.eu-west-1.amazonaws.com does not exist (NXDOMAIN)",
        ),
        (
            "dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.0.0.2:53: server misbehaving",
            Code.DNS_SERVFAIL,
            "the name server fails (SERVFAIL) on api.ecr.eu-west-1.amazonaws.com",
        ),
        (
            "dial tcp: lookup api.ecr.eu-west-1.amazonaws.com on 10.0.0.2:53: read udp "
            "10.0.1.5:4242->10.0.0.2:53: i/o timeout",
            Code.DNS_TIMEOUT,
            "the name server does not answer for api.ecr.eu-west-1.amazonaws.com",
        ),
        (
            "dial udp 10.0.0.2:53: i/o timeout",
            Code.DNS_TIMEOUT,
            "the name server does not answer for what was looked up",
        ),
        (
            "net/http: TLS handshake timeout",
            Code.TLS_HANDSHAKE,
            "TCP is accepted, and TLS never finished",
        ),
        (
            "x509: certificate signed by unknown authority",
            Code.TLS_CERTIFICATE,
            "the certificate that was presented does not hold",
        ),
        (
            "dial tcp 10.0.1.7:443: connect: connection refused",
            Code.TCP_REFUSED,
            "the connection was refused or reset from 10.0.1.7",
        ),
        (
            "dial tcp 10.9.0.7:443: connect: no route to host",
            Code.TCP_UNREACHABLE,
            "no route leads to 10.9.0.7, a private address: the name leads into the VPC, and what "
            "lies between stops it",
        ),
        (
            "read tcp 10.0.1.5:4242->10.0.1.7:443: read: connection timed out",
            Code.TCP_TIMEOUT,
            "no answer from 10.0.1.7, a private address: the name leads into the VPC, and what "
            "lies between stops it",
        ),
        (
            "read: connection timed out",
            Code.TCP_TIMEOUT,
            "the connection got no answer",
        ),
        (
            "dial tcp 52.94.5.6:443: i/o timeout",
            Code.DNS_PUBLIC_ANSWER,
            "no answer from 52.94.5.6, a public address (unless it is of the VPC's own ranges): no "
            "endpoint answers for the name, and no way leads out",
        ),
        (
            "dial tcp [2600:1f18::7]:443: connect: network is unreachable",
            Code.DNS_PUBLIC_ANSWER,
            "no route leads to 2600:1f18::7, a public address (unless it is of the VPC's own "
            "ranges): no endpoint answers for the name, and no way leads out",
        ),
        *(
            (
                silent,
                Code.ECR_AUTH,
                "it ran out of time, which is the network; the text does not say whether at the "
                "name, the connection or the answer",
            )
            for silent in (
                "context deadline exceeded",
                "context deadli...",
                "signal: killed",
                "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
            )
        ),
        (
            "proxyconnect tcp: dial tcp 10.0.0.1:3128: i/o timeout",
            Code.ECR_AUTH,
            "the proxy that calls are sent through was not reached, so the endpoint was not tried",
        ),
        ("EOF", Code.ECR_AUTH, "the connection was closed before there was an answer"),
        (
            "net/http: request canceled while waiting for connection",
            Code.TCP_TIMEOUT,
            "no connection came about in time",
        ),
    ],
)
def test_how_the_network_failed_is_told_apart(how: str, code: Code, sentence: str) -> None:
    """Each of the official substrings, and of Go's words, has its code; what is unsaid has none."""
    found = explain_text(after(how))

    assert (found.service, found.code, found.network) == ("ecr.api", code, True)
    assert found.sentence == (
        f"no token for the image's registry arrives from Amazon ECR: {sentence}"
    )


def test_the_vpc_s_ranges_decide_what_is_private() -> None:
    """A VPC may have any range: with its blocks given, nothing is left to the address's looks."""
    text = filled(TOKEN.text, address="172.40.1.94")

    alone, inside = explain_text(text), explain_text(text, ("172.40.0.0/16", "fd00::/8"))
    elsewhere = explain_text(text, ("10.0.0.0/16",))

    assert (alone.address, alone.private, alone.code) == (
        "172.40.1.94",
        False,
        Code.DNS_PUBLIC_ANSWER,
    )
    assert (inside.private, inside.code) == (True, Code.TCP_TIMEOUT)
    assert (elsewhere.private, elsewhere.code) == (False, Code.DNS_PUBLIC_ANSWER)
    assert "unless" in alone.sentence
    assert "unless" not in elsewhere.sentence


def test_s3_may_be_public() -> None:
    """A gateway endpoint takes public addresses of S3's: silence there is no matter of DNS."""
    layers = next(row for row in STOP_TEXTS if row.number == "25b")

    found = explain_text(filled(layers.text, address="52.218.1.2"))

    assert (found.service, found.code, found.private) == ("s3", Code.TCP_TIMEOUT, False)
    assert "S3 gateway endpoint and its route tables" in found.advice
