"""A VPC small enough to reason about, and vantages that answer from recorded tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.catalogue.services import host_names, layer_bucket_host
from pytest_ecs_privatelink.claims.terms import Asked, ServiceUnderTest, Stand, Terms
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
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    GroupRule,
    Interface,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
    Subnet,
    Vpc,
)
from pytest_ecs_privatelink.verdict import LaunchType

REGION = "us-east-1"
OWNER = "111111111111"
LOGS = "logs.us-east-1.amazonaws.com"
LAYERS = layer_bucket_host(REGION)
RESOLVER = "20.10.0.2"
HERE = Stand(label="lab:subnet-a", groups=("sg-tasks",))
SUBNET = Subnet(id="subnet-a", cidr="20.10.1.0/24", az="us-east-1a", name="private-a")
PREFIX_LIST = PrefixList(id="pl-s3", name="com.amazonaws.us-east-1.s3", cidrs=("52.216.0.0/15",))
LOCAL = Route(destination="20.10.0.0/16", target=RouteTarget.LOCAL, target_id="local")
S3_ROUTE = Route(destination="pl-s3", target=RouteTarget.GATEWAY_ENDPOINT, target_id="vpce-s3")
HUB = Route(destination="10.0.0.0/8", target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1")
NAT = Route(destination="0.0.0.0/0", target=RouteTarget.NAT_GATEWAY, target_id="nat-1")

LOGS_ENDPOINT = Endpoint(
    id="vpce-logs",
    service_name="com.amazonaws.us-east-1.logs",
    type=EndpointType.INTERFACE,
    state="available",
    private_dns=True,
    subnets=(SUBNET.id,),
    groups=("sg-endpoints",),
    interfaces=("eni-logs",),
)
S3_ENDPOINT = Endpoint(
    id="vpce-s3",
    service_name="com.amazonaws.us-east-1.s3",
    type=EndpointType.GATEWAY,
    state="available",
    private_dns=False,
    route_tables=("rtb-1",),
)
LOGS_INTERFACE = Interface(
    id="eni-logs", subnet=SUBNET.id, type="vpc_endpoint", addresses=("20.10.1.10",)
)


def group(name: str, *rules: GroupRule) -> SecurityGroup:
    """Return a security group with these ingress rules that lets everything out."""
    everywhere = GroupRule(protocol="-1", cidr="0.0.0.0/0")
    return SecurityGroup(id=name, vpc="vpc-1", name=name, ingress=rules, egress=(everywhere,))


def https(**source: str) -> GroupRule:
    """Return a rule for TCP 443 with this source."""
    return GroupRule(protocol="tcp", from_port=443, to_port=443, **source)


def snapshot(*routes: Route, **changes: Any) -> Snapshot:  # noqa: ANN401 - fields of Snapshot
    """Return the VPC: one subnet with these routes, an endpoint for logs and one for S3."""
    healthy = Snapshot(
        taken="2026-01-01T00:00:00Z",
        region=REGION,
        partition="aws",
        account=OWNER,
        vpc=Vpc(id="vpc-1", owner=OWNER, cidrs=("20.10.0.0/16",)),
        subnets=(SUBNET,),
        endpoints=(LOGS_ENDPOINT, S3_ENDPOINT),
        interfaces=(LOGS_INTERFACE,),
        route_tables=(
            RouteTable(id="rtb-1", main=True, subnets=(SUBNET.id,), routes=(LOCAL, *routes)),
        ),
        prefix_lists=(PREFIX_LIST,),
        security_groups=(
            group("sg-endpoints", https(cidr="20.10.0.0/16")),
            group("sg-tasks"),
            group("sg-runner"),
        ),
    )
    return replace(healthy, **changes)


def terms(read: Snapshot, *, egress: Egress = Egress.NONE, **changes: Any) -> Terms:  # noqa: ANN401 - fields of Terms
    """Return the terms of a run that proves logs and s3 in ``read``."""
    endpoints = {each.service_name.rpartition(".")[2]: each.id for each in read.endpoints}
    services = tuple(
        ServiceUnderTest(
            service=service,
            need=Need.ASSUMED,
            launch_types=(LaunchType.FARGATE,),
            because="tasks need it",
            endpoint=endpoints.get(service),
            names=host_names(service, REGION, (OWNER,)),
        )
        for service in ("logs", "s3")
    )
    healthy = Terms(
        snapshot=read,
        subnets=(SUBNET,),
        slugs={SUBNET.id: "private-a"},
        egress={SUBNET.id: egress},
        services=services,
        resolvers=(RESOLVER,),
        timeout=2.0,
        wearers={LaunchType.FARGATE: ("sg-tasks",)},
    )
    return replace(healthy, **changes)


@dataclass
class Recorded:
    """A vantage that answers from tables, and remembers what it was asked."""

    dns: Mapping[tuple[str, str | None], DnsAnswer]
    connects: Mapping[str, ConnectAnswer] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)

    async def ask(self, question: Asked) -> Answer:
        """Return the recorded answer; `KeyError` for a question that nobody should put."""
        assert isinstance(question, Question), question
        self.asked.append(question)
        if isinstance(question, DnsQuestion):
            return self.dns[question.name, question.resolver]
        assert isinstance(question, ConnectQuestion), question
        return self.connects[question.address]

    @property
    def dialled(self) -> list[str]:
        """The addresses that were dialled."""
        return [each.address for each in self.asked if isinstance(each, ConnectQuestion)]


def answers(name: str, *addresses: str) -> dict[tuple[str, str | None], DnsAnswer]:
    """Return the same answer from the host's own resolution and from the VPC resolver."""
    return {**view(None, name, *addresses), **view(RESOLVER, name, *addresses)}


def view(
    resolver: str | None, name: str, *addresses: str, status: DnsStatus = DnsStatus.ANSWERED
) -> dict[tuple[str, str | None], DnsAnswer]:
    """Return one resolver's answer."""
    answer = DnsAnswer(
        name=name, resolver=resolver, status=status, addresses=addresses, duration_ms=2000.0
    )
    return {(name, resolver): answer}


def connected(
    address: str, status: ConnectStatus = ConnectStatus.OPEN, phase: str = "tls", detail: str = ""
) -> dict[str, ConnectAnswer]:
    """Return how dialling one address went."""
    answer = ConnectAnswer(
        address=address,
        port=443,
        server_name=LOGS,
        status=status,
        phase=phase,
        detail=detail,
        duration_ms=2000.0,
    )
    return {address: answer}
