"""A VPC with the three ecs endpoints and container instances, and a vantage that scripts them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from claim_worlds import NAT, OWNER, REGION, SUBNET, group, https, snapshot

from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.catalogue.services import host_names, service_name
from pytest_ecs_privatelink.claims.agent import prove
from pytest_ecs_privatelink.claims.terms import Asked, ServiceUnderTest, Stand, Terms
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import (
    Agent,
    AgentAnswer,
    AgentQuestion,
    ConnectionAnswer,
    ConnectionQuestion,
    Poll,
)
from pytest_ecs_privatelink.probes.call_records import CallStatus, Hop, Link, Outcome
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
)
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Interface, Snapshot
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, LaunchType

SERVICES = ("ecs", "ecs-agent", "ecs-telemetry")
ADDRESSES = {each: f"20.10.1.{20 + at}" for at, each in enumerate(SERVICES)}
ECS, ACS, TCS = (host_names(each, REGION)[0] for each in SERVICES)
CLUSTER = f"arn:aws:ecs:{REGION}:{OWNER}:cluster/prod"
TAKEN = "2026-01-01T12:00:00Z"
CREATED = {
    "ecs-agent": "2026-01-01T09:00:00Z",
    "ecs-telemetry": "2026-01-01T09:01:00Z",
    "ecs": "2026-01-01T09:02:00Z",
}
BEFORE, AFTER = "2026-01-01T08:00:00Z", "2026-01-01T10:00:00Z"
STAND = Stand(label="ssh://i-1", groups=("sg-hosts",), instances=("i-1", "i-2"))
DONE = Outcome(status=CallStatus.OK, link=Link.POLL, action="ecs:DiscoverPollEndpoint")
CONNECTED = ConnectionAnswer(connected=True, looks=1)
LOST = ConnectionAnswer(connected=False, looks=1)


def arn_of(instance: str) -> str:
    """Return the ARN of a container instance."""
    return f"arn:aws:ecs:{REGION}:{OWNER}:container-instance/prod/{instance.strip('i-') * 8}"


def instance(name: str = "i-1", **changes: Any) -> ContainerInstance:  # noqa: ANN401 - its fields
    """Return a container instance that is well by all that the ECS API says."""
    made = ContainerInstance(
        arn=arn_of(name),
        instance=name,
        agent_version="1.90.0",
        agent_connected=True,
        registered=AFTER,
        subnet=SUBNET.id,
        groups=("sg-hosts",),
    )
    return replace(made, **changes)


def world(
    *instances: ContainerInstance,
    created: Mapping[str, str] = CREATED,
    taken: str = TAKEN,
    **changes: Any,  # noqa: ANN401 - fields of Snapshot
) -> Snapshot:
    """Return the VPC with these container instances, i-1 where none is given."""
    endpoints = tuple(
        Endpoint(
            id=f"vpce-{each}",
            service_name=service_name(each, REGION),
            type=EndpointType.INTERFACE,
            state="available",
            private_dns=True,
            subnets=(SUBNET.id,),
            groups=("sg-endpoints",),
            interfaces=(f"eni-{each}",),
            created=created.get(each),
        )
        for each in SERVICES
    )
    interfaces = tuple(
        Interface(id=f"eni-{each}", subnet=SUBNET.id, type="vpc_endpoint", addresses=(address,))
        for each, address in ADDRESSES.items()
    )
    cluster = Cluster(arn=CLUSTER, name="prod", instances=instances or (instance(),))
    healthy = replace(
        snapshot(NAT),
        taken=taken,
        endpoints=endpoints,
        interfaces=interfaces,
        security_groups=(group("sg-endpoints", https(cidr="20.10.0.0/16")), group("sg-hosts")),
        cluster=cluster,
    )
    return replace(healthy, **changes)


def agent_terms(
    read: Snapshot | None = None,
    egress: Egress = Egress.NONE,
    **changes: Any,  # noqa: ANN401 - fields of Terms
) -> Terms:
    """Return the terms of a run that proves the three services for EC2."""
    seen = world() if read is None else read
    found = {each.service_name: each.id for each in seen.endpoints}
    healthy = Terms(
        snapshot=seen,
        subnets=(SUBNET,),
        slugs={SUBNET.id: "private-a"},
        egress={SUBNET.id: egress},
        services=tuple(
            ServiceUnderTest(
                service=each,
                need=Need.REQUIRED,
                launch_types=(LaunchType.EC2,),
                because="agents need it",
                endpoint=found.get(service_name(each, REGION)),
                names=host_names(each, REGION),
            )
            for each in SERVICES
        ),
        resolvers=(),
        timeout=5.0,
        wearers={LaunchType.EC2: ("sg-hosts",)},
    )
    return replace(healthy, **changes)


def said(name: str = "i-1", **changes: Any) -> Agent:  # noqa: ANN401 - fields of Agent
    """Return what an agent that is well says of itself."""
    healthy = Agent(
        version="1.90.0", cluster="prod", container_instance=arn_of(name), started=AFTER
    )
    return replace(healthy, **changes)


def answered(name: str = "i-1", **changes: Any) -> AgentAnswer:  # noqa: ANN401 - its fields
    """Return the answer of an instance whose agent is well and sent to the endpoints."""
    hop = Hop(link=Link.POLL, host=ECS, address=ADDRESSES["ecs"], status=200)
    healthy = AgentAnswer(
        instance=name,
        agent=said(name),
        outcome=DONE,
        hops=(hop,),
        poll=Poll(acs=ACS, tcs=TCS),
    )
    return replace(healthy, **changes)


def connected_after(looks: int) -> Callable[[ConnectionQuestion], ConnectionAnswer]:
    """Return agents that are connected from the look on that is the ``looks``-th."""

    def connection(question: ConnectionQuestion) -> ConnectionAnswer:
        patient = question.patience >= (looks - 1) * question.interval
        made = looks if patient else int(question.patience / question.interval) + 1
        return ConnectionAnswer(
            connected=patient, looks=made, waited=(made - 1) * question.interval
        )

    return connection


@dataclass
class Instances:
    """Hosts that answer as scripted: ``answers`` by instance id, errors are raised.

    ``connection`` answers for the ECS API; paths are healthy but for ``dns`` and ``connects``.
    """

    answers: Mapping[str, AgentAnswer | VantageError] = field(default_factory=dict)
    connection: Callable[[ConnectionQuestion], ConnectionAnswer] = lambda _: CONNECTED
    dns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    connects: Mapping[str, ConnectStatus] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    async def ask(self, question: Asked) -> Answer | ConnectionAnswer:
        """Answer as scripted, and remember the question."""
        self.asked.append(question)
        if isinstance(question, ConnectionQuestion):
            return self.connection(question)
        if isinstance(question, DnsQuestion):
            return self._resolve(question)
        if isinstance(question, ConnectQuestion):
            return self._connect(question)
        assert isinstance(question, AgentQuestion), question
        found = self.answers.get(question.instance) or answered(question.instance)
        if isinstance(found, VantageError):
            raise found
        return found

    def _resolve(self, question: DnsQuestion) -> DnsAnswer:
        known = {host_names(each, REGION)[0]: (at,) for each, at in ADDRESSES.items()}
        found = {**known, **self.dns}.get(question.name, ())
        return DnsAnswer(
            name=question.name,
            resolver=question.resolver,
            status=DnsStatus.ANSWERED if found else DnsStatus.NXDOMAIN,
            addresses=found,
        )

    def _connect(self, question: ConnectQuestion) -> ConnectAnswer:
        status = self.connects.get(question.address, ConnectStatus.OPEN)
        return ConnectAnswer(
            address=question.address,
            port=443,
            server_name=question.server_name,
            status=status,
            phase="tls" if status is ConnectStatus.OPEN else "connect",
            duration_ms=2000.0,
        )


def proven(
    hosts: Instances | AgentAnswer | None = None,
    terms: Terms | None = None,
    stand: Stand = STAND,
) -> Check:
    """Return the check of private-a's agent cell; an answer is that of i-1."""
    asked = Instances({"i-1": hosts}) if isinstance(hosts, AgentAnswer) else hosts or Instances()
    cell = Cell(Claim.AGENT, SUBNET.id, "ecs-agent")
    return asyncio.run(prove(cell, terms or agent_terms(), stand, asked.ask))
