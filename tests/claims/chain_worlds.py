"""The VPC of `claim_worlds` with everything that tasks start by, and a vantage that scripts it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from claim_worlds import (
    HERE,
    LAYERS,
    OWNER,
    REGION,
    S3_ENDPOINT,
    S3_ROUTE,
    SUBNET,
    group,
    https,
    snapshot,
)

from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.catalogue.services import host_names, service_name
from pytest_ecs_privatelink.claims.errands import Errands
from pytest_ecs_privatelink.claims.register import PROVERS
from pytest_ecs_privatelink.claims.terms import Asked, ServiceUnderTest, Stand, Terms
from pytest_ecs_privatelink.probes.call_records import (
    CallAnswer,
    CallStatus,
    Hop,
    Link,
    LogAnswer,
    LogQuestion,
    Outcome,
    PullAnswer,
    PullQuestion,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Question,
)
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Interface, Route, Snapshot
from pytest_ecs_privatelink.topology.starting import LogGroup, Pull
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, LaunchType

FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2
RUN = "0123456789ab"
INTERFACES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm")
ADDRESSES = {service: f"20.10.1.{10 + i}" for i, service in enumerate(INTERFACES)}
S3_ADDRESS = "52.216.0.1"
REGISTRY = f"{OWNER}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/app:1.0"
SECRET = f"arn:aws:secretsmanager:{REGION}:{OWNER}:secret:app/token-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{OWNER}:parameter/app/token"
ERRANDS = Errands(
    pulls=(Pull(image=IMAGE),),
    log_groups=(LogGroup(name="/ecs/app"),),
    secrets=(SECRET,),
    parameters=(PARAMETER,),
    run=RUN,
)
LAYER_HOP = Hop(
    link=Link.LAYER,
    host=LAYERS,
    addresses=(S3_ADDRESS,),
    address=S3_ADDRESS,
    status=200,
    received=1000,
    ms=4.0,
)
REDIRECT = Hop(
    link=Link.LAYER,
    host=REGISTRY,
    addresses=(ADDRESSES["ecr.dkr"],),
    address=ADDRESSES["ecr.dkr"],
    status=307,
    ms=2.0,
)
PULLED = PullAnswer(
    image=IMAGE,
    outcome=Outcome(status=CallStatus.OK, link=Link.LAYER, phase="body"),
    hops=(REDIRECT, LAYER_HOP),
    digest="sha256:abc",
    layers=5,
    received=1000,
)
DELIVERED = LogAnswer(
    group="/ecs/app",
    stream="s",
    outcome=Outcome(status=CallStatus.OK, link=Link.READ_BACK),
    delivered_ms=85.0,
)
FETCHED = SecretAnswer(
    reference=SECRET,
    outcome=Outcome(status=CallStatus.OK, link=Link.SECRET),
    length=14,
    digest="00",
)
_HEALTHY: dict[type, CallAnswer] = {
    PullQuestion: PULLED,
    LogQuestion: DELIVERED,
    SecretQuestion: FETCHED,
}
_CELLS = {
    Claim.ECR_PULL: "ecr.dkr",
    Claim.AWSLOGS: "logs",
    Claim.SECRET: "secretsmanager",
}


def world(*routes: Route, **changes: Any) -> Snapshot:  # noqa: ANN401 - fields of Snapshot
    """Return the VPC with an endpoint for each service; S3's route is there unless others are."""
    read = snapshot(*(routes or (S3_ROUTE,)))
    interfaces = tuple(
        Interface(id=f"eni-{each}", subnet=SUBNET.id, type="vpc_endpoint", addresses=(address,))
        for each, address in ADDRESSES.items()
    )
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
        )
        for each in INTERFACES
    )
    healthy = replace(
        read,
        endpoints=(*endpoints, S3_ENDPOINT),
        interfaces=interfaces,
        security_groups=(
            group("sg-endpoints", https(cidr="20.10.0.0/16")),
            *(group(each) for each in ("sg-tasks", "sg-hosts", "sg-runner")),
        ),
    )
    return replace(healthy, **changes)


def chain_terms(
    read: Snapshot | None = None,
    *,
    egress: Egress = Egress.NONE,
    kinds: tuple[LaunchType, ...] = (FARGATE,),
    services: tuple[str, ...] = (*INTERFACES, "s3"),
    **changes: Any,  # noqa: ANN401 - fields of Terms
) -> Terms:
    """Return the terms of a run that has all errands."""
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
                launch_types=kinds,
                because="tasks need it",
                endpoint=found.get(service_name(each, REGION)),
                names=host_names(each, REGION, (OWNER,)),
            )
            for each in services
        ),
        resolvers=(),
        timeout=2.0,
        wearers={FARGATE: ("sg-tasks",), EC2: ("sg-hosts",)},
        errands=ERRANDS,
    )
    return replace(healthy, **changes)


@dataclass
class Scripted:
    """A vantage whose paths are healthy but for ``dns`` and ``connects``, and whose calls are said.

    ``call`` gives the answer to a call's question, None the healthy one.
    """

    call: Callable[[Question], CallAnswer | None] = lambda _: None
    dns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    connects: dict[str, ConnectStatus] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)

    async def ask(self, question: Asked) -> Answer:
        """Answer as scripted, and remember the question."""
        assert isinstance(question, Question), question
        self.asked.append(question)
        if isinstance(question, DnsQuestion):
            return self._resolve(question)
        if isinstance(question, ConnectQuestion):
            return self._connect(question)
        return self.call(question) or _HEALTHY[type(question)]

    def _resolve(self, question: DnsQuestion) -> DnsAnswer:
        known = {
            host: (address,)
            for service, address in {**ADDRESSES, "s3": S3_ADDRESS}.items()
            for host in host_names(service, REGION, (OWNER,))
        }
        found = {**known, **self.dns}[question.name]
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

    @property
    def calls(self) -> list[Question]:
        """The questions that were no mere DNS or TCP."""
        return [each for each in self.asked if not isinstance(each, DnsQuestion | ConnectQuestion)]


def proven(
    claim: Claim,
    vantage: Scripted | None = None,
    terms: Terms | None = None,
    *,
    stand: Stand = HERE,
    service: str | None = None,
) -> Check:
    """Return the check of the claim's cell in private-a."""
    cell = Cell(claim, SUBNET.id, service or _CELLS[claim])
    asked = vantage or Scripted()

    async def prove() -> Check:
        return await PROVERS[claim](cell, terms or chain_terms(), stand, asked.ask)

    return asyncio.run(prove())


def ended(
    claim: Claim,
    status: CallStatus,
    link: Link,
    **outcome: Any,  # noqa: ANN401 - fields of Outcome
) -> Scripted:
    """Return a vantage whose calls for ``claim`` end so; ``hops`` are the answer's."""
    hops = outcome.pop("hops", ())
    end = Outcome(status=status, link=link, **outcome)
    answers: dict[Claim, CallAnswer] = {
        Claim.ECR_PULL: replace(PULLED, outcome=end, hops=hops),
        Claim.AWSLOGS: replace(DELIVERED, outcome=end, hops=hops),
        Claim.SECRET: replace(FETCHED, outcome=end, hops=hops),
    }
    return Scripted(call=lambda _: answers[claim])
