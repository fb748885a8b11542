"""Looking at a container instance's agent: itself, its Docker daemon, and the ECS API."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import https_servers
import pytest
import trustme
from agent_host import CONTAINER, METADATA, agent, container, docker
from https_servers import Step, aws, refusal
from hypothesis import given
from hypothesis import strategies as st
from instance_metadata import DOCUMENT, MARK, ROLES, metadata
from tls_servers import server, silence

from pytest_ecs_privatelink.probes.agent import NO_CREDENTIALS, look
from pytest_ecs_privatelink.probes.agent_process import proxies_in, started
from pytest_ecs_privatelink.probes.agent_records import Agent, AgentAnswer, AgentQuestion, Poll
from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link

CLUSTER = "arn:aws:ecs:us-east-1:111111111111:cluster/prod"
ARN = "arn:aws:ecs:us-east-1:111111111111:container-instance/prod/0123"
SAID = {
    "Cluster": "prod",
    "ContainerInstanceArn": ARN,
    "Version": "Amazon ECS Agent - v1.90.0 (02ff320c)",
}
HEALTHY = {METADATA: json.dumps(SAID)}
STARTED = "2026-11-24T20:00:01.123456789Z"
ENDPOINTS = {
    "endpoint": "https://ecs-a.us-east-1.amazonaws.com/acs/1/",
    "telemetryEndpoint": "https://ecs-t.us-east-1.amazonaws.com/",
}


@pytest.fixture
def role() -> Iterator[str]:
    """Serve instance metadata that has a role; yield its address."""
    with metadata({ROLES: "app", f"{ROLES}app": json.dumps(DOCUMENT)}) as address:
        yield address


@pytest.fixture
def closed() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return int(gone.getsockname()[1])


def question(**changes: object) -> AgentQuestion:
    """Return a question that reaches nothing unless told where."""
    told: dict[str, object] = {
        "instance": "i-1",
        "container_instance": ARN,
        "cluster": CLUSTER,
        "ecs": "localhost",
        "region": "us-east-1",
        "docker": "/nowhere/docker.sock",
        "timeout": 5.0,
    }
    return AgentQuestion(**{**told, **changes})  # type: ignore[arg-type] # fields of the record


def looked(
    certificate: trustme.LeafCert, ca_file: str, reply: Step, role: str, **changes: object
) -> tuple[AgentAnswer, https_servers.Server]:
    """Return the answer where the ECS API replies so, and that API."""
    with https_servers.serving(certificate, lambda _: reply) as api:
        asked = question(port=api.port, ca_file=ca_file, metadata=role, **changes)
        return asyncio.run(look(asked)), api


def test_an_agent_is_looked_at_from_all_sides(
    certificate: trustme.LeafCert, ca_file: str, role: str, tmp_path: Path
) -> None:
    """Version, cluster and ARN are its own words, start and proxies Docker's, hosts the API's."""
    inside = container(
        STARTED, f"https_proxy=http://me:{MARK}@proxy:3128", "NO_PROXY=.internal", f"TOKEN={MARK}"
    )
    with agent(HEALTHY) as port, docker(tmp_path, inside) as path:
        answer, _ = looked(
            certificate, ca_file, aws(ENDPOINTS), role, docker=path, introspection=port
        )

    assert answer.agent == Agent(
        version="1.90.0",
        cluster="prod",
        container_instance=ARN,
        started="2026-11-24T20:00:01+00:00",
        proxies=("HTTPS_PROXY=http://proxy:3128", "NO_PROXY=.internal"),
    )
    assert answer.poll == Poll(
        acs="ecs-a.us-east-1.amazonaws.com", tcs="ecs-t.us-east-1.amazonaws.com"
    )
    assert (answer.instance, answer.silence) == ("i-1", "")
    assert (answer.outcome.status, answer.outcome.link) == (CallStatus.OK, Link.POLL)
    assert [hop.address for hop in answer.hops] == ["127.0.0.1"]
    assert MARK not in repr(answer)


def test_the_api_is_asked_in_the_agents_name(
    certificate: trustme.LeafCert, ca_file: str, role: str, closed: int
) -> None:
    """DiscoverPollEndpoint is signed with the machine's own role, and names cluster and instance.

    It is asked also where the agent is silent.
    """
    answer, api = looked(certificate, ca_file, aws(ENDPOINTS), role, introspection=closed)

    (asked,) = api.requests
    target = "AmazonEC2ContainerServiceV20141113.DiscoverPollEndpoint"
    assert asked.headers["x-amz-target"] == target
    assert asked.json == {"cluster": CLUSTER, "containerInstance": ARN}
    assert "Credential=ASIAEXAMPLE/" in asked.headers["authorization"]
    assert asked.headers["x-amz-security-token"] == f"token-{MARK}"
    assert (answer.agent, answer.silence) == (None, "Connection refused")


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        ({}, Poll()),
        (
            {"endpoint": "ecs-a-4.eu-west-1.amazonaws.com"},
            Poll(acs="ecs-a-4.eu-west-1.amazonaws.com"),
        ),
        ({"endpoint": 7, "telemetryEndpoint": "https://[::"}, Poll()),
    ],
)
def test_odd_endpoints_are_no_hosts(
    endpoints: dict[str, object],
    expected: Poll,
    certificate: trustme.LeafCert,
    ca_file: str,
    role: str,
    closed: int,
) -> None:
    """A URL without scheme names its host; what is no URL names none, and nothing raises."""
    answer, _ = looked(certificate, ca_file, aws(endpoints), role, introspection=closed)
    assert answer.poll == expected


def test_a_refusal_is_told_without_secrets(
    certificate: trustme.LeafCert, ca_file: str, role: str, closed: int
) -> None:
    """Who refused is said in AWS's words, less what they repeat of the signature."""
    words = (
        "User: x is not authorized to perform: ecs:DiscoverPollEndpoint because no "
        f"identity-based policy allows it (token-{MARK})"
    )
    reply = refusal("AccessDeniedException", words)
    answer, _ = looked(certificate, ca_file, reply, role, introspection=closed)

    assert answer.outcome.status is CallStatus.DENIED
    assert answer.outcome.denied_by is Denier.IDENTITY
    assert answer.outcome.action == "ecs:DiscoverPollEndpoint"
    assert MARK not in repr(answer)


def test_without_a_role_the_api_is_not_called(certificate: trustme.LeafCert, ca_file: str) -> None:
    """The reason is the metadata service's; nobody is asked, and the agent is looked at still."""
    with metadata({}) as nobody, agent(HEALTHY) as port:
        answer, api = looked(certificate, ca_file, aws(ENDPOINTS), nobody, introspection=port)

    assert (answer.outcome.phase, answer.poll, api.connections) == (NO_CREDENTIALS, None, 0)
    assert "no IAM role is attached" in answer.outcome.detail
    assert answer.agent is not None
    assert answer.agent.version == "1.90.0"


@pytest.mark.parametrize(
    ("documents", "why"),
    [
        ({}, "HTTP 404"),
        ({METADATA: "<html>"}, "the answer is no JSON"),
        ({METADATA: "[1]"}, "the answer is no JSON object"),
        ({METADATA: "[" * 100_000}, "the answer is no JSON"),
        ({METADATA: " " * (2 << 20)}, "the answer is too long"),
    ],
)
def test_what_is_no_agent_says_nothing_of_itself(
    documents: dict[str, str], why: str, closed: int
) -> None:
    """An answer that no agent would give is no silence: somebody else is there."""
    with agent(documents) as port, metadata({}) as nobody:
        answer = asyncio.run(look(question(introspection=port, metadata=nobody, port=closed)))
    assert (answer.agent, answer.silence) == (Agent(started_unknown=why), "")


def test_what_an_agent_says_is_cut_to_one_line(closed: int) -> None:
    """A name that is no name fills no report."""
    said = {"Cluster": "a\nb" * 9999, "ContainerInstanceArn": "", "Version": "v1.2.3" + "x" * 9999}
    with agent({METADATA: json.dumps(said)}) as port, metadata({}) as nobody:
        answer = asyncio.run(look(question(introspection=port, metadata=nobody, port=closed)))
    found = answer.agent
    assert found is not None
    assert found.cluster is not None
    assert found.cluster.startswith("a ba b")
    assert len(found.cluster) == 512
    assert (found.container_instance, len(found.version or "")) == (None, 45)


def test_what_speaks_no_http_is_no_agent(closed: int) -> None:
    """Neither is a service of another protocol."""
    with (
        server(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as (port, _),
        metadata({}) as nobody,
    ):
        answer = asyncio.run(look(question(introspection=port, metadata=nobody, port=closed)))
    assert answer.agent == Agent(started_unknown="what answers does not speak HTTP")


def test_an_agent_that_hangs_is_silent_after_one_timeout(closed: int) -> None:
    """Who accepts and says nothing costs one timeout, while the API is asked."""
    with server(silence) as (port, _), metadata({}) as nobody:
        asked = question(introspection=port, metadata=nobody, port=closed, timeout=0.3)
        began = time.monotonic()
        answer = asyncio.run(look(asked))
    assert (answer.agent, answer.silence) == (None, "no answer within 0.3 s")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STARTED, "2026-11-24T20:00:01+00:00"),
        ("2026-11-24T20:00:01Z", "2026-11-24T20:00:01+00:00"),
        ("2026-11-24T22:00:01+02:00", "2026-11-24T20:00:01+00:00"),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("2026-13-41T20:00:01Z", None),
    ],
)
def test_dockers_time_of_start_is_read(tmp_path: Path, text: str, expected: str | None) -> None:
    """Nanoseconds are cut; a container that never ran has no start, which is said."""
    with docker(tmp_path, container(text)) as path:
        found = started(path, 5.0)
    unknown = "" if expected else "Docker does not say when ecs-agent was started"
    assert (found.at, found.unknown) == (expected, unknown)


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """Return a view of /proc without any process."""
    folder = tmp_path / "proc"
    folder.mkdir()
    (folder / "stat").symlink_to("/proc/stat")
    return folder


def run_as(name: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start a process called ``name`` that ends with its stdin, and show it in ``folder``."""
    process = subprocess.Popen([name], executable="/bin/cat", stdin=subprocess.PIPE)
    # Its new name shows a moment after the program has been executed.
    while Path(f"/proc/{process.pid}/cmdline").read_bytes() != f"{name}\0".encode():
        time.sleep(0.001)
    (folder / str(process.pid)).symlink_to(f"/proc/{process.pid}")
    return process


@pytest.mark.parametrize("name", ["/agent", "agent", "/usr/bin/amazon-ecs-agent"])
@pytest.mark.parametrize("has_docker", [False, True])
def test_without_its_container_the_process_tells_the_start(
    processes: Path, tmp_path: Path, name: str, has_docker: bool
) -> None:
    """Where there is no Docker, or it knows no ecs-agent: by the kernel's clock, to the second."""
    with run_as(name, processes), docker(tmp_path, {}) as path:
        found = started(path if has_docker else "/nowhere", 5.0, processes)
    assert found.at is not None, found
    assert abs(datetime.fromisoformat(found.at).timestamp() - time.time()) < 30
    assert found.unknown == ""


def test_the_agents_own_name_counts_most(processes: Path) -> None:
    """Other products have agents, too: the container's ``/agent`` is ECS's."""
    with run_as("agent", processes), run_as("/agent", processes):
        assert started("/nowhere", 5.0, processes).at is not None
    with run_as("agent", processes), run_as("/opt/other/agent", processes):
        found = started("/nowhere", 5.0, processes)
    assert found.at is None
    assert found.unknown.endswith("; 2 processes may be the agent's")


def test_an_unseen_process_is_told_with_what_helps(processes: Path) -> None:
    """Why Docker did not tell, and who may ask it."""
    found = started("/nowhere/docker.sock", 5.0, processes)
    assert found.at is None
    assert found.unknown == (
        "Docker at /nowhere/docker.sock: No such file or directory; no process of the agent is "
        f"seen in {processes}: ask as root (sudo) or as a member of group docker"
    )


SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6).map(
    lambda text: f"Q{text}Q"
)


@given(
    st.sampled_from(("HTTP_PROXY", "https_proxy", "Http_Proxy")),
    st.sampled_from(("http://", "https://", "socks5://", "")),
    SECRETS,
)
def test_no_password_of_a_proxy_is_kept(name: str, scheme: str, secret: str) -> None:
    """Whatever characters it has, escaped or not; the proxy itself is told."""
    (kept,) = proxies_in([f"{name}={scheme}user:{secret}@proxy:3128/x", f"OTHER={secret}", "X"])
    assert kept == f"{name.upper()}={scheme}proxy:3128"


@pytest.mark.parametrize("environment", [None, "A=B", 7, [], [None, 7], ["HTTP_PROXY="]])
def test_an_odd_environment_has_no_proxies(environment: object) -> None:
    """What is no list of variables holds none, and an empty one is none."""
    assert proxies_in(environment) == ()


def test_docker_without_parts_is_no_error(tmp_path: Path) -> None:
    """An answer that lacks state and configuration tells no start, and raises nothing."""
    with docker(tmp_path, {CONTAINER: '{"State": 1, "Config": []}'}) as path:
        assert started(path, 5.0).at is None
