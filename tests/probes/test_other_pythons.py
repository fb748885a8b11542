"""A host's Python, whichever it is, sees what this one sees: the same probes, the same words."""

import asyncio
import contextlib
import datetime
import re
import socket
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.message
import dns.rdatatype
import pytest
import tls_servers
import trustme
from aws_calls import CREDENTIALS, MARK
from https_servers import Request, Step, aws, in_turn, refusal, saying, serving, silence
from https_servers import answer as answer_of
from other_pythons import host, pythons, run
from scripted_dns import answer_to, over, scripted_dns
from staged_pull import staged

from pytest_ecs_privatelink.probes.agent_records import AgentQuestion
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    LogQuestion,
    PullQuestion,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectQuestion,
    ConnectStatus,
    DnsQuestion,
    Question,
)
from pytest_ecs_privatelink.records import to_json
from pytest_ecs_privatelink.vantage.answering import answer
from pytest_ecs_privatelink.vantage.batches import Batch

NAME = "api.ecr.us-east-1.amazonaws.com"
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
SHORT_S = 1.5
FOUND = pythons()
_ISSUER = re.compile(r"\(OU=.*?\)")

RECORDS = {
    "chain": (
        "chain.example CNAME shared.hub.example.",
        "shared.hub.example CNAME vpce-1.example.",
        "vpce-1.example A 127.0.0.1",
        "vpce-1.example AAAA ::ffff:10.0.1.5",
    ),
    "four": ("four.example A 10.0.1.9", "four.example A 10.0.1.5"),
    "loop": ("loop.example CNAME loop.example.",),
    "long": ("long.example A 10.0.1.5",),
}


_WHIMS = (tls_servers.plaintext, tls_servers.close, tls_servers.reset, tls_servers.silence)
_BROKEN_ANSWERS: tuple[Step, ...] = (
    answer_of(200, b"{}", length=99),
    answer_of(302, headers={"Location": "https://portal.example/"}),
    saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"),
    saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", silence),
    saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
    silence,
)


def say(query: dns.message.Message, transport: str) -> list[bytes]:
    """Answer by the first label of the name that is asked for: records, an rcode, or worse."""
    first = str(query.question[0].name).partition(".")[0].lower()
    if first == "silence":
        return []
    if first == "garbage":
        return [b"HTTP/1.1 400 Bad Request\r\n\r\n"]
    if first == "bare":
        response = answer_to(query, rcode="SERVFAIL")
        response.question = []
        return [over(transport, response)]
    if first in {"nxdomain", "refused", "notimp", "badvers"}:
        return [over(transport, answer_to(query, rcode=first.upper()))]
    if first == "half":
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        return [
            over(transport, answer_to(query, rcode="SERVFAIL" if kind == "AAAA" else "NOERROR"))
        ]
    truncated = first == "long" and transport == "udp"
    response = answer_to(query, *RECORDS.get(first, ()), truncated=truncated)
    own = over(transport, response)
    if first == "four" and transport == "udp":
        return [((query.id + 1) % 65536).to_bytes(2) + own[2:], own]
    return [own]


@pytest.fixture(scope="module")
def street(
    authority: trustme.CA, ca_file: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Question, ...]]:
    """Serve what can be met on a way, good and bad; yield a question for each."""
    with contextlib.ExitStack() as stack:
        resolver = stack.enter_context(scripted_dns(say)).resolver
        labels = (*RECORDS, "silence", "garbage", "bare", "half", "nothing")
        labels += ("nxdomain", "refused", "notimp", "badvers")
        names: list[Question] = [
            DnsQuestion(name=f"{label}.example", resolver=resolver, timeout=SHORT_S)
            for label in labels
        ]
        names += [
            DnsQuestion(name="a..example", resolver=resolver),
            DnsQuestion(name=NAME, resolver="nowhere"),
            DnsQuestion(name=NAME, resolver=f"127.0.0.1:{_unused()}"),
            DnsQuestion(name="localhost"),
        ]
        doors = [_door(stack, treat, ca_file) for treat in _treatments(authority)]
        unused = ConnectQuestion(address="127.0.0.1", port=_unused())
        broken = [
            replace(unused, address="no address"),
            unused,
        ]
        folder = tmp_path_factory.mktemp("stage")
        pull = stack.enter_context(staged(folder)).question
        calls = _calls(stack, authority, ca_file, pull)
        yield (*names, *doors, *broken, *calls, _nobody())


def _nobody() -> AgentQuestion:
    """Return the question for an agent where there is none."""
    return AgentQuestion(
        instance="i-1",
        container_instance="arn",
        cluster="arn",
        ecs="localhost",
        region="us-east-1",
        docker="/no/docker.sock",
        introspection=_unused(),
        metadata=f"http://127.0.0.1:{_unused()}",
    )


def _unused() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def _treatments(authority: trustme.CA) -> list[tls_servers.Treatment]:
    bad = [(-3 * DAY, -DAY), (DAY, 3 * DAY)]
    certificates = [
        authority.issue_cert(NAME),
        *(authority.issue_cert(NAME, not_before=NOW + a, not_after=NOW + b) for a, b in bad),
        authority.issue_cert("other.example"),
        trustme.CA(organization_name="Corp Proxy").issue_cert(NAME),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = tls_servers.tls(authority.issue_cert(NAME), newest=ssl.TLSVersion.TLSv1_1)
    return [*map(tls_servers.tls, certificates), old, *_WHIMS]


def _door(
    stack: contextlib.ExitStack, treat: tls_servers.Treatment, ca_file: str
) -> ConnectQuestion:
    port, _ = stack.enter_context(tls_servers.server(treat))
    return ConnectQuestion(
        address="127.0.0.1", port=port, server_name=NAME, ca_file=ca_file, timeout=SHORT_S
    )


def _calls(
    stack: contextlib.ExitStack, authority: trustme.CA, ca_file: str, pull: PullQuestion
) -> list[Question]:
    def respond(request: Request) -> Step:
        target = request.headers["x-amz-target"]
        if target == "secretsmanager.GetSecretValue":
            return aws({"SecretString": f"p-{MARK}"})
        if target == "Logs_20140328.GetLogEvents":
            return aws({"events": [{"timestamp": 1, "message": "hello"}]})
        if target == "AmazonSSM.GetParameters":
            said = "User: x is not authorized to perform: ssm:GetParameters on resource: y because"
            said += " no VPC endpoint policy allows the ssm:GetParameters action"
            return refusal("AccessDeniedException", said)
        return aws({})

    port = stack.enter_context(serving(authority.issue_cert("localhost"), respond)).port
    secret = SecretQuestion(
        host="localhost",
        region="us-east-1",
        service="secretsmanager",
        reference="db",
        key="run-key",
        port=port,
        ca_file=ca_file,
    )
    log = LogQuestion(
        host="localhost",
        region="us-east-1",
        group="/ecs/app",
        stream="r1/a",
        message="hello",
        run="r1",
        make_group=True,
        patience=2.0,
        port=port,
        ca_file=ca_file,
    )
    stranger = trustme.CA(organization_name="Corp Proxy").issue_cert("localhost")
    broken = [
        stack.enter_context(tls_servers.server(treat))[0]
        for treat in (*_WHIMS, tls_servers.tls(stranger))
    ]
    certificate = authority.issue_cert("localhost")
    broken += [
        stack.enter_context(serving(certificate, in_turn(step))).port for step in _BROKEN_ANSWERS
    ]
    return [
        pull,
        secret,
        replace(secret, service="ssm", reference="/app/token"),
        log,
        *(replace(secret, port=port, timeout=SHORT_S) for port in broken),
    ]


def timeless(value: Any) -> Any:  # noqa: ANN401
    """Return JSON values without what no two runs have in common."""
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if not key.endswith("ms")}
    return [timeless(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def seen_here(street: tuple[Question, ...]) -> dict[Question, Answer]:
    """Return what this process, with all its libraries, sees."""

    async def ask() -> list[Answer]:
        return list(await asyncio.gather(*(answer(each, CREDENTIALS) for each in street)))

    return dict(zip(street, asyncio.run(ask()), strict=True))


@pytest.mark.parametrize("version", FOUND)
def test_a_host_sees_what_this_process_sees(
    version: str, street: tuple[Question, ...], seen_here: dict[Question, Answer], tmp_path: Path
) -> None:
    """Every probe, good and bad, comes out alike, to its words, whatever Python the host has."""
    bundles = {each.ca_file for each in street if not isinstance(each, DnsQuestion)}
    trust = "".join(Path(each).read_text() for each in bundles if each)
    batch = Batch(questions=street, trust=trust, credentials=CREDENTIALS, deadline=30)

    brought = run(batch, host(tmp_path, FOUND[version]))

    assert brought.missing == ()
    assert brought.python.startswith(f"{version}.")
    there = {question: _told(found, version) for question, found in brought.pairs}
    here = {question: _told(found, version) for question, found in seen_here.items()}
    assert there == here


def _told(found: Answer, version: str) -> Any:  # noqa: ANN401
    told = timeless(to_json(found))
    outcome = told.get("outcome", {})
    if version == "3.9" and outcome.get("status") == CallStatus.TLS:
        outcome["detail"] = _ISSUER.sub("(not known)", outcome["detail"])
    if version == "3.9" and told.get("status") == ConnectStatus.CERTIFICATE:
        # It does not tell of a certificate that it refused.
        told |= dict.fromkeys(("issuer", "names", "expires", "detail"))
    return told
