"""A VPC of any size, and vantages that answer at once, or never, and count what they are asked."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.claims.terms import ServiceUnderTest, Terms
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import CallQuestion, Credentials
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Phase,
    Question,
)
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    Interface,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Subnet,
    Vpc,
)
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.vantage.calling import answer_call
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, LaunchType

REGION = "us-east-1"
OWNER = "111111111111"
RESOLVER = "10.0.0.2"
SERVICES = (
    *("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages"),
    *("ecs", "ecs-agent", "ecs-telemetry", "kms", "monitoring", "xray"),
)
GROUPS = ("sg-tasks",)


@dataclass
class Counting:
    """A vantage that knows where every name leads; dialling a service of ``silent`` takes for ever.

    With ``broken`` it cannot be asked at all.
    """

    subnet: str
    addresses: dict[str, str]
    silent: frozenset[str] = frozenset()
    broken: str | None = None
    groups: tuple[str, ...] | None = GROUPS
    wearers: Wearers = field(default_factory=dict)
    instances: tuple[str, ...] = ()
    own_credentials: bool = False
    label: str = field(init=False)
    asked: Counter[Question] = field(default_factory=Counter)
    credentials: list[Credentials | None] = field(default_factory=list)
    closed: int = 0

    def __post_init__(self) -> None:
        """Name it as reports do."""
        self.label = f"test:{self.subnet}"

    async def ask(self, question: Question, credentials: Credentials | None = None) -> Answer:
        """Answer from the table; take the whole deadline where nothing answers."""
        self.asked[question] += 1
        self.credentials.append(credentials)
        if self.broken is not None:
            raise VantageError(self.broken)
        await asyncio.sleep(0)
        if isinstance(question, DnsQuestion):
            return DnsAnswer(
                name=question.name,
                resolver=question.resolver,
                status=DnsStatus.ANSWERED,
                addresses=(self.addresses[question.name],),
            )
        if isinstance(question, CallQuestion):
            return await answer_call(question, None)
        assert isinstance(question, ConnectQuestion)
        lost = question.address in self.silent
        await asyncio.sleep(question.timeout if lost else 0)
        return ConnectAnswer(
            address=question.address,
            port=question.port,
            server_name=question.server_name,
            status=ConnectStatus.TIMEOUT if lost else ConnectStatus.OPEN,
            phase="connect" if lost else "tls",
            phases=(Phase("connect", 1.5),),
        )

    async def close(self) -> None:
        """Count that it was closed."""
        self.closed += 1


@dataclass(frozen=True)
class CountingWorld:
    """The terms of a run, a vantage per subnet, and every cell."""

    terms: Terms
    vantages: dict[str, Counting]
    cells: tuple[Cell, ...]

    @property
    def asked(self) -> list[int]:
        """How often each question was asked of each vantage."""
        return [count for each in self.vantages.values() for count in each.asked.values()]


def make_world(
    subnets: int = 2,
    services: tuple[str, ...] = ("logs", "kms"),
    *,
    silent: tuple[str, ...] = (),
    timeout: float = 2.0,
) -> CountingWorld:
    """Return a world of ``subnets`` x ``services``; the ``silent`` ones never answer on 443."""
    names = {service: host_names(service, REGION, (OWNER,)) for service in services}
    numbers = {service: f"10.0.250.{n}" for n, service in enumerate(services, 10)}
    places = tuple(
        Subnet(id=f"subnet-{n}", cidr=f"10.0.{n}.0/24", az="us-east-1a", name=f"private-{n}")
        for n in range(1, subnets + 1)
    )
    terms = Terms(
        snapshot=_snapshot(places, numbers),
        subnets=places,
        slugs={each.id: each.name or each.id for each in places},
        egress=dict.fromkeys((each.id for each in places), Egress.NONE),
        services=tuple(_under_test(service, names[service]) for service in services),
        resolvers=(RESOLVER,),
        timeout=timeout,
        wearers={LaunchType.FARGATE: GROUPS},
    )
    table = {name: numbers[service] for service in services for name in names[service]}
    lost = frozenset(numbers[service] for service in silent)
    return CountingWorld(
        terms=terms,
        vantages={each.id: Counting(each.id, table, lost) for each in places},
        cells=tuple(
            Cell(claim, each.id, service)
            for claim in PATH_CLAIMS
            for each in places
            for service in services
        ),
    )


def _under_test(service: str, names: tuple[str, ...]) -> ServiceUnderTest:
    return ServiceUnderTest(
        service=service,
        need=Need.ASSUMED,
        launch_types=(LaunchType.FARGATE,),
        because="tasks need it",
        endpoint=f"vpce-{service}",
        names=names,
    )


def _snapshot(subnets: tuple[Subnet, ...], numbers: dict[str, str]) -> Snapshot:
    local = Route(destination="10.0.0.0/16", target=RouteTarget.LOCAL, target_id="local")
    return Snapshot(
        taken="2026-01-01T00:00:00Z",
        region=REGION,
        partition="aws",
        account=OWNER,
        vpc=Vpc(id="vpc-1", owner=OWNER, cidrs=("10.0.0.0/16",)),
        subnets=subnets,
        endpoints=tuple(_endpoint(service) for service in numbers),
        interfaces=tuple(
            Interface(
                id=f"eni-{service}", subnet="subnet-1", type="vpc_endpoint", addresses=(address,)
            )
            for service, address in numbers.items()
        ),
        route_tables=(RouteTable(id="rtb-1", main=True, routes=(local,)),),
    )


def _endpoint(service: str) -> Endpoint:
    return Endpoint(
        id=f"vpce-{service}",
        service_name=f"com.amazonaws.{REGION}.{service}",
        type=EndpointType.INTERFACE,
        state="available",
        private_dns=True,
        interfaces=(f"eni-{service}",),
    )
