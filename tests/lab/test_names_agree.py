"""Random zones, attributes and routes: what audits predict of names is what a twin answers.

The twin's resolver and routes are asked without a kernel, so that many worlds can be tried. Its
filters are open: what is red here is red by a name, or by the route to what a name led to.
"""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from hypothesis import given, settings
from hypothesis import strategies as st
from twin_snapshots import ACCOUNT, LOCAL, REGION, TASKS, TO_S3, healthy

from pytest_ecs_privatelink.catalogue.services import covers
from pytest_ecs_privatelink.claims import private_dns, tcp_443
from pytest_ecs_privatelink.claims.terms import Asked, Stand, Terms
from pytest_ecs_privatelink.lab.nameserver import Names
from pytest_ecs_privatelink.lab.plan import Host, compile_plan
from pytest_ecs_privatelink.lab.twin_plan import TwinPlan
from pytest_ecs_privatelink.plugin.plan import make_plan
from pytest_ecs_privatelink.plugin.settings import Settings
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
from pytest_ecs_privatelink.topology.model import (
    EndpointType,
    HostedZone,
    NatGateway,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, Claim, LaunchType, Verdict

SUFFIX = f"{REGION}.amazonaws.com"
HUB = "10.100.0.0/16"
LAYERS = f"prod-{REGION}-starport-layer-bucket.s3"
APEXES = (
    *("logs", "api.ecr", "ecr.api", "dkr.ecr", "ecr.dkr", f"{ACCOUNT}.dkr.ecr", "ecr", "s3"),
    LAYERS,
)
# Each name with the endpoint of ``healthy`` that an alias for it leads to; S3's is a gateway.
NAMES = {"logs": 2, "api.ecr": 0, "dkr.ecr": 1, "*.dkr.ecr": 1, f"{ACCOUNT}.dkr.ecr": 1}
HELD = (*NAMES, LAYERS, "x.logs", "x.dkr.ecr", "s3")
FARAWAY = "vpce-9-x.logs.us-east-1.vpce.amazonaws.com"
WAYS = (
    (),
    (Route(destination=HUB, target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1"),),
    (Route(destination=HUB, target=RouteTarget.PEERING, target_id="pcx-1", active=False),),
    (Route(destination="0.0.0.0/0", target=RouteTarget.NAT_GATEWAY, target_id="nat-1"),),
    (Route(destination="0.0.0.0/0", target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1"),),
)


@st.composite
def records(draw: st.DrawFn) -> ZoneRecord:
    """Draw a record for a name of a service, or for one that nobody asks for."""
    label = draw(st.sampled_from(HELD))
    name = f"{label}.{SUFFIX}"
    own = NAMES.get(label)
    kinds = ["address", *(["alias", "cname"] if own is not None else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "address":
        # Registry names share a hub's endpoint, other services have one each.
        host = 9 if "dkr" in label else 10 + HELD.index(label)
        return ZoneRecord(name=name, type="A", values=(f"10.100.0.{host}",))
    target = f"vpce-{own}-x.{('ecr.api', 'ecr.dkr', 'logs')[own or 0]}.{REGION}.vpce.amazonaws.com"
    if kind == "cname":
        return ZoneRecord(name=name, type="CNAME", values=(target,))
    return ZoneRecord(name=name, type="A", alias=draw(st.sampled_from([target, FARAWAY])))


@st.composite
def zones(draw: st.DrawFn) -> tuple[HostedZone, ...]:
    """Draw hosted zones, each with the records that lie in it."""
    labels = draw(st.lists(st.sampled_from(APEXES), unique=True, max_size=3))
    names = [f"{label}.{SUFFIX}" for label in labels]
    names += draw(st.lists(st.sampled_from([SUFFIX, "amazonaws.com"]), max_size=1))
    held = draw(st.lists(records(), max_size=4, unique_by=lambda each: each.name))
    return tuple(
        HostedZone(
            id=f"Z{i}",
            name=name,
            owner=ACCOUNT,
            records=tuple(each for each in held if f".{each.name}".endswith(f".{name}")),
        )
        for i, name in enumerate(names)
    )


@st.composite
def worlds(draw: st.DrawFn) -> Snapshot:
    """Draw a VPC that is healthy but for what decides about names, and for its ways out."""
    snapshot = healthy()
    flags = st.booleans()
    vpc = replace(
        snapshot.vpc,
        dns_support=draw(st.sampled_from([True, True, True, False])),
        dns_hostnames=draw(st.sampled_from([True, True, False])),
    )
    endpoints = tuple(
        replace(
            each,
            private_dns=draw(flags),
            private_dns_inbound_resolver_only=draw(st.sampled_from([False, False, True])),
            dns_names=each.dns_names[:2],
        )
        if each.type is EndpointType.INTERFACE
        else each
        for each in snapshot.endpoints
        if each.type is EndpointType.GATEWAY or draw(st.sampled_from([True, True, True, False]))
    )
    private, public = (RouteTable(id=f"rtb-{i}", routes=(), main=not i) for i in range(2))
    out = Route(destination="0.0.0.0/0", target=RouteTarget.INTERNET_GATEWAY, target_id="igw-1")
    routed = replace(private, routes=(LOCAL, TO_S3, *draw(st.sampled_from(WAYS))))
    return replace(
        snapshot,
        vpc=vpc,
        endpoints=endpoints,
        hosted_zones=draw(zones()),
        route_tables=(routed, replace(public, routes=(LOCAL, out), subnets=("subnet-1",))),
        internet_gateways=("igw-1",),
        nat_gateways=(NatGateway(id="nat-1", subnet="subnet-1", state="available", public=True),),
        route53_profiles=(),
        dns_firewalls=(),
    )


def answered(plan: TwinPlan, names: Names, question: Question) -> Answer:
    """Answer as the twin's resolver, routes and servers would."""
    if isinstance(question, DnsQuestion):
        found = names.find(question.name)
        status = DnsStatus.EMPTY if found.exists else DnsStatus.NXDOMAIN
        if found.addresses:
            status = DnsStatus.ANSWERED
        if not plan.resolver.answering:
            return DnsAnswer(
                name=question.name, resolver=question.resolver, status=DnsStatus.TIMEOUT
            )
        return DnsAnswer(
            name=question.name,
            resolver=question.resolver,
            status=status,
            addresses=tuple(sorted(found.addresses)),
        )
    assert isinstance(question, ConnectQuestion), question
    address, name = question.address, question.server_name or ""
    (host,) = plan.hosts
    fitting = [
        route for route in host.routes if IPv4Address(address) in IPv4Network(route.destination)
    ]
    way = max(fitting, key=lambda route: IPv4Network(route.destination).prefixlen).way
    served = any(
        server.address == address
        and way in server.ways
        and any(covers(pattern, name) for pattern in server.names)
        for server in plan.servers
    )
    return ConnectAnswer(
        address=address,
        port=question.port,
        server_name=name,
        status=ConnectStatus.OPEN if served else ConnectStatus.TIMEOUT,
        phase="tls" if served else "connect",
    )


async def probed(cell: Cell, terms: Terms, plan: TwinPlan, names: Names) -> Check:
    """Prove a cell by the twin's answers."""

    async def ask(question: Asked) -> Answer:
        assert isinstance(question, Question), question
        return answered(plan, names, question)

    prove = private_dns.prove if cell.claim is Claim.PRIVATE_DNS else tcp_443.prove
    return await prove(cell, terms, Stand(label="twin", groups=(TASKS,)), ask)


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_audits_predict_what_a_twin_answers(snapshot: Snapshot) -> None:
    """A cell is red if and only if a finding blocks it, where nothing is left to probes."""
    asked = Settings(
        lab=True,
        launch_types=tuple(LaunchType),
        subnets=("subnet-0",),
        need=("ecr.api", "ecr.dkr", "logs", "s3"),
    )
    run = make_plan(asked, snapshot, basis=Basis.PROBED, ca_file=None)
    twin = compile_plan(
        snapshot,
        hosts=(Host(subnet="subnet-0", wearers={LaunchType.FARGATE: (TASKS,)}),),
        registries=(ACCOUNT,),
    )
    names = Names(twin.resolver)
    blocked = {cell for finding in run.findings for cell in finding.blocks}
    open_ = {each.subject for each in run.unseen}

    for service in ("ecr.api", "ecr.dkr", "logs", "s3"):
        for claim in (Claim.PRIVATE_DNS, Claim.TCP_443):
            cell = Cell(claim, "subnet-0", service)
            check = asyncio.run(probed(cell, run.terms, twin, names))
            red = check.verdict is not Verdict.PASSED
            if service not in open_:
                assert (cell in blocked) is red, (cell, check.observed)
