"""What went wrong for others: worlds of public reports, each judged right by real packets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from lab_runs import Finished, Runs
from rehearsals import IN_LAB, Emulated, Judged, rehearse

from pytest_ecs_privatelink.catalogue.services import host_names, private_dns_names
from pytest_ecs_privatelink.lab.expectations import (
    Expected,
    ended,
    outcome,
    public_but_working,
    unconnected,
    unresolved,
)
from pytest_ecs_privatelink.lab.faults import FAULTS
from pytest_ecs_privatelink.lab.workload_edits import with_instances, with_services
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.plugin.plan import make_plan
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.lookup import default_group, endpoints_for
from pytest_ecs_privatelink.topology.model import (
    GroupRule,
    HostedZone,
    NatGateway,
    Peering,
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
    Subnet,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import (
    CALLING_CLAIMS,
    PATH_CLAIMS,
    Basis,
    Claim,
    Code,
    Verdict,
)

BY_FAULT = {
    1: "task-sg-egress-s3",
    3: "s3-interface-only",
    4: "s3-gateway-policy",
    5: "s3-gateway-policy-own-organization",
    9: "endpoint-private-dns-off",
    10: "vpc-dns-hostnames-off",
    12: "endpoint-sg-ingress",
    16: "nacl-blocks-return",
    20: "agent-stale",
    23: "cross-region-logs",
    24: "cross-region-secret",
    17: "endpoint-policy-denies-all",
}
"""Stories that are faults of the lab: test_lab_faults.py shows them."""

ELSEWHERE = {
    11: "the twin's hosts ask the VPC resolver: tests/claims shows it from recorded answers, and "
    "the fault dhcp-custom-dns what the audit says",
    26: "below: nothing is probed, for the endpoints that exist are not in the snapshot",
}
NOT_YET = {
    18: "platform versions are not read yet",
}

Change = Callable[[Snapshot, World], Snapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A world made from the healthy one, and what must be said of it."""

    number: int
    title: str
    change: Change
    expected: tuple[Expected, ...] = ()
    findings: frozenset[Code] = frozenset()
    unseen: frozenset[str] = frozenset()


def without(snapshot: Snapshot, *services: str) -> Snapshot:
    """Return the VPC without the endpoints of ``services``."""
    gone = [each for service in services for each in endpoints_for(snapshot, service)]
    endpoints = tuple(each for each in snapshot.endpoints if each not in gone)
    return replace(snapshot, endpoints=endpoints)


def with_endpoint(snapshot: Snapshot, service: str, **changes: object) -> Snapshot:
    """Return the VPC with the endpoint of ``service`` changed, its interfaces' groups too."""
    (old,) = endpoints_for(snapshot, service)
    new = replace(old, **changes)  # type: ignore[arg-type]  # fields of Endpoint
    worn = new.groups or _default(snapshot)
    return replace(
        snapshot,
        endpoints=tuple(new if each is old else each for each in snapshot.endpoints),
        interfaces=tuple(
            replace(each, groups=worn) if each.id in new.interfaces else each
            for each in snapshot.interfaces or ()
        ),
    )


def _default(snapshot: Snapshot) -> tuple[str, ...]:
    group = default_group(snapshot)
    assert group is not None
    return (group.id,)


def with_routes(snapshot: Snapshot, table: str, *more: Route, s3: bool = True) -> Snapshot:
    """Return the VPC with other routes in a table; ``s3`` says whether it keeps the gateway's."""
    tables = tuple(
        replace(each, routes=(*(r for r in each.routes if s3 or r.destination[:3] != "pl-"), *more))
        if each.id == table
        else each
        for each in snapshot.route_tables or ()
    )
    return replace(snapshot, route_tables=tables)


def with_group(snapshot: Snapshot, id_: str, *ingress: GroupRule) -> Snapshot:
    """Return the VPC with one more security group, which lets nothing out."""
    group = SecurityGroup(id=id_, vpc=snapshot.vpc.id, name=id_, ingress=ingress, egress=())
    return replace(snapshot, security_groups=(*(snapshot.security_groups or ()), group))


def https(**peer: str) -> GroupRule:
    """Return a rule for TCP 443 with one peer."""
    return GroupRule(protocol="tcp", from_port=443, to_port=443, **peer)


def behind_nat(snapshot: Snapshot, world: World) -> Snapshot:
    """Give the private subnets a NAT gateway, and their tasks a way to it."""
    anywhere = "0.0.0.0/0"
    local = Route(destination=snapshot.vpc.cidrs[0], target=RouteTarget.LOCAL, target_id="local")
    out = Route(destination=anywhere, target=RouteTarget.INTERNET_GATEWAY, target_id="igw-1")
    public = Subnet(id="subnet-public", cidr="10.0.101.0/24", az="us-east-1a", name="public-a")
    table = RouteTable(id="rtb-public", routes=(local, out), subnets=(public.id,))
    nat = NatGateway(id="nat-1", subnet=public.id, state="available", public=True)
    to_nat = Route(destination=anywhere, target=RouteTarget.NAT_GATEWAY, target_id=nat.id)
    opened = replace(
        snapshot,
        subnets=(*snapshot.subnets, public),
        route_tables=(*(snapshot.route_tables or ()), table),
        internet_gateways=("igw-1",),
        nat_gateways=(nat,),
        security_groups=tuple(
            replace(each, egress=(*each.egress, https(cidr=anywhere)))
            if each.id in world.task_groups
            else each
            for each in snapshot.security_groups or ()
        ),
    )
    return with_routes(opened, world.route_table, to_nat)


def s3_hidden_by_nat(snapshot: Snapshot, world: World) -> Snapshot:
    """Take the gateway's route from the private table, then add NAT."""
    return behind_nat(with_routes(snapshot, world.route_table, s3=False), world)


def registry_zone_without_wildcard(snapshot: Snapshot, _: World) -> Snapshot:
    """Answer for dkr.ecr by a hosted zone that knows the bare name only."""
    unnamed = with_endpoint(snapshot, "ecr.dkr", private_dns=False)
    name = "dkr.ecr.us-east-1.amazonaws.com"
    return with_zone(unnamed, name, ZoneRecord(name=name, type="A", values=("10.0.1.250",)))


def registry_zone_of_a_wrong_name(snapshot: Snapshot, _: World) -> Snapshot:
    """Call the zone after the service (ecr.api.REGION), not after the host (api.ecr.REGION)."""
    unnamed = with_endpoint(snapshot, "ecr.api", private_dns=False)
    name = "ecr.api.us-east-1.amazonaws.com"
    return with_zone(unnamed, name, ZoneRecord(name=name, type="A", values=("10.0.1.250",)))


def with_zone(snapshot: Snapshot, name: str, *records: ZoneRecord) -> Snapshot:
    """Return the VPC with one more hosted zone."""
    zone = HostedZone(id=f"Z{name.upper()}", name=name, records=records)
    return replace(snapshot, hosted_zones=(*(snapshot.hosted_zones or ()), zone))


def pulling_through_nat(snapshot: Snapshot, world: World) -> Snapshot:
    """Forget both ECR endpoints where a NAT gateway makes up for them."""
    return behind_nat(without(snapshot, "ecr.api", "ecr.dkr"), world)


def exec_through_nat(snapshot: Snapshot, world: World) -> Snapshot:
    """Switch ECS Exec on where its channels have no endpoint, and NAT makes up for it."""
    switched = with_services(snapshot, world, execute_command=True)
    return behind_nat(without(switched, "ssmmessages"), world)


def default_group_attached(snapshot: Snapshot, _: World) -> Snapshot:
    """Give the logs endpoint no group: AWS attaches the default one, which admits its members."""
    return with_endpoint(snapshot, "logs", groups=())


def wrong_source_group(snapshot: Snapshot, world: World) -> Snapshot:
    """Admit a group that nobody wears to the endpoints for ecr.api."""
    other = with_group(snapshot, "sg-0123456789abcdef0", https(group="sg-0fedcba9876543210"))
    del world
    return with_endpoint(other, "ecr.api", groups=("sg-0123456789abcdef0",))


def secrets_not_let_out(snapshot: Snapshot, world: World) -> Snapshot:
    """Dress the secretsmanager endpoint in a group that the tasks' egress does not name."""
    del world
    open_ = with_group(snapshot, "sg-0123456789abcdef0", https(cidr="10.0.0.0/16"))
    return with_endpoint(open_, "secretsmanager", groups=("sg-0123456789abcdef0",))


def acs_times_out(snapshot: Snapshot, world: World) -> Snapshot:
    """Close the endpoint for ecs-agent alone: agents register through ecs, and lose their line."""
    closed = with_group(snapshot, "sg-0123456789abcdef0")
    deaf = with_endpoint(closed, "ecs-agent", groups=("sg-0123456789abcdef0",))
    return with_instances(deaf, world, agent_connected=False)


def outside_rfc_1918(snapshot: Snapshot, _: World) -> Snapshot:
    """Move the whole VPC to 20.10.0.0/16."""
    return snapshots.from_text(snapshots.to_text(snapshot).replace('"10.0.', '"20.10.'), "moved")


HUB = "10.100.0.0/16"
SHARED = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages", "kms")
ALL_THREE = ("ecs", "ecs-agent", "ecs-telemetry")


def hub_and_spoke(snapshot: Snapshot, world: World) -> Snapshot:
    """Leave no interface endpoint here: hosted zones lead to the hub's, a transit gateway there."""
    spoke = without(snapshot, *SHARED, *ALL_THREE)
    address = 10
    for service in (*SHARED, *ALL_THREE):
        for name in private_dns_names(service, snapshot.region):
            record = ZoneRecord(name=name, type="A", values=(f"10.100.0.{address}",))
            spoke = with_zone(spoke, name.removeprefix("*."), record)
        address += 1
    to_hub = Route(destination=HUB, target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1")
    attached = Peering(
        id="tgw-1", kind=RouteTarget.TRANSIT_GATEWAY, state="available", cidrs=(HUB,)
    )
    reached = tuple(
        replace(each, egress=(*each.egress, https(cidr=HUB)))
        if each.id in (*world.task_groups, *world.instance_groups)
        else each
        for each in spoke.security_groups or ()
    )
    shared = replace(spoke, peerings=(attached,), security_groups=reached)
    return with_routes(shared, world.route_table, to_hub)


def s3_warned() -> tuple[Expected, ...]:
    """Return: S3 works over a public path beside its gateway, which is never passed."""
    return tuple(
        Expected(
            claim=claim,
            verdict=Verdict.WARNED,
            code=Code.S3_GATEWAY_NO_ROUTE,
            services=("s3",),
        )
        for claim in (Claim.PRIVATE_DNS, Claim.TCP_443)
    )


STORIES = (
    Story(
        number=2,
        title="the S3 gateway is not associated with the private table, and NAT hides it",
        change=s3_hidden_by_nat,
        expected=(
            *s3_warned(),
            *ended(Claim.ECR_PULL, Code.ECR_LAYER_PATH, verdict=Verdict.WARNED),
        ),
        findings=frozenset({Code.S3_GATEWAY_NO_ROUTE}),
    ),
    Story(
        number=6,
        title="a hosted zone for dkr.ecr has no wildcard",
        change=registry_zone_without_wildcard,
        expected=unresolved(Code.DNS_NXDOMAIN, "ecr.dkr"),
        findings=frozenset({Code.PHZ_SHADOWS_NAME}),
    ),
    Story(
        number=6,
        title="a hosted zone is called ecr.api instead of api.ecr",
        change=registry_zone_of_a_wrong_name,
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "ecr.api"),
        findings=frozenset({Code.PHZ_SHADOWS_NAME}),
    ),
    Story(
        number=7,
        title="ssm is private, and ECS Exec's ssmmessages goes out through NAT",
        change=exec_through_nat,
        expected=public_but_working("ssmmessages"),
        findings=frozenset({Code.ENDPOINT_MISSING_PUBLIC_PATH}),
    ),
    Story(
        number=8,
        title="images are pulled through NAT",
        change=pulling_through_nat,
        expected=public_but_working("ecr.api", "ecr.dkr"),
        findings=frozenset({Code.ENDPOINT_MISSING_PUBLIC_PATH}),
    ),
    Story(
        number=13,
        title="the default security group is attached where none was given",
        change=default_group_attached,
        expected=unconnected(Code.TCP_TIMEOUT, "logs"),
        # The tasks' group lets nothing out to the group that the endpoint wears instead, either.
        findings=frozenset({Code.ENDPOINT_SG_INGRESS, Code.TASK_SG_EGRESS}),
    ),
    Story(
        number=14,
        title="an endpoint's group admits the wrong group",
        change=wrong_source_group,
        expected=unconnected(Code.TCP_TIMEOUT, "ecr.api"),
        # The tasks' group lets nothing out to the group that the endpoint wears instead, either.
        findings=frozenset({Code.ENDPOINT_SG_INGRESS, Code.TASK_SG_EGRESS}),
    ),
    Story(
        number=15,
        title="the tasks' group lets nothing out to secretsmanager",
        change=secrets_not_let_out,
        expected=unconnected(Code.TCP_TIMEOUT, "secretsmanager"),
        findings=frozenset({Code.TASK_SG_EGRESS}),
    ),
    Story(
        number=19,
        title="the agent registers fine, then its ACS connection times out",
        change=acs_times_out,
        expected=unconnected(Code.TCP_TIMEOUT, "ecs-agent"),
        # Its group admits nobody, and nobody's rules lead to whoever wears that one.
        findings=frozenset(
            {Code.AGENT_DISCONNECTED, Code.ENDPOINT_SG_INGRESS, Code.TASK_SG_EGRESS}
        ),
    ),
    Story(
        number=21,
        title="one endpoint, logs, is misconfigured: its row is red, and no other",
        change=lambda snapshot, _: with_endpoint(snapshot, "logs", private_dns=False),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "logs"),
        findings=frozenset({Code.ENDPOINT_PRIVATE_DNS_OFF}),
    ),
    Story(
        number=22,
        title="a VPC outside RFC 1918 is as private as any",
        change=outside_rfc_1918,
    ),
    Story(
        number=25,
        title="a spoke without endpoints of its own, with the hub's zones",
        change=hub_and_spoke,
        unseen=frozenset({*SHARED, *ALL_THREE} - {"ssmmessages", "kms"}),
    ),
)


def test_every_story_is_decided_about() -> None:
    """Each story of the list is shown here, is a fault, or has a reason why not yet."""
    shown = {story.number for story in STORIES}

    assert sorted({*shown, *BY_FAULT, *ELSEWHERE, *NOT_YET}) == list(range(1, 27))
    assert set(BY_FAULT.values()) <= set(FAULTS)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.number} {story.title}")
def test_story(emulated: Emulated, story: Story) -> None:
    """Exactly the cells that the story breaks are not green, with its codes."""
    snapshot = story.change(emulated.snapshot, emulated.world)

    judged = rehearse(snapshot, groups=emulated.world.task_groups, cloud=emulated.socket)

    assert {claim for claim, _, _ in judged.checks} == {*PATH_CLAIMS, *CALLING_CLAIMS}
    assert judged.not_passed == expected(story, judged)
    assert {finding.code for finding in judged.plan.findings} == story.findings
    assert {cause.code for cause in judged.causes} <= story.findings
    assert {each.subject for each in judged.plan.unseen} == story.unseen


def expected(
    story: Story, judged: Judged
) -> dict[tuple[Claim, str, str], tuple[Verdict, Code | None]]:
    """Return how those cells should end that should not pass."""
    outcomes = {place: outcome(story.expected, *place) for place in judged.checks}
    return {place: told for place, told in outcomes.items() if told[0] is not Verdict.PASSED}


def test_a_hubs_endpoint_passes_with_that_note(emulated: Emulated) -> None:
    """Story 25: what passes by a hub says so, and names the address."""
    snapshot = hub_and_spoke(emulated.snapshot, emulated.world)

    judged = rehearse(snapshot, groups=emulated.world.task_groups, cloud=emulated.socket)

    (name,) = host_names("logs", "us-east-1", ())
    check = judged.checks[Claim.PRIVATE_DNS, "private-a", "logs"]
    assert check.observed == (
        f"{name} is 10.100.0.12: no interface of this VPC's endpoint, "
        "with a valid certificate (shared endpoint)"
    )


def test_a_hubs_zones_are_left_to_probes(emulated: Emulated, runs: Runs, tmp_path: Path) -> None:
    """Story 25: the audit alone says that it cannot tell; probes that pass clear it."""
    path = tmp_path / "spoke.json"
    snapshots.save(hub_and_spoke(emulated.snapshot, emulated.world), path)
    (group,) = emulated.world.task_groups

    audited = runs("--ecs-snapshot", str(path), "--ecs-claims", "audit")
    probed = runs("--ecs-lab", "--ecs-snapshot", str(path), "--ecs-security-group", group)

    (zone,) = (
        each.id
        for each in hub_and_spoke(emulated.snapshot, emulated.world).hosted_zones or ()
        if each.name == "logs.us-east-1.amazonaws.com"
    )
    why = (
        f"hosted zone {zone} (logs.us-east-1.amazonaws.com) may answer for it: "
        "only probing can tell"
    )
    logs = "audit[endpoint-missing-logs]"
    assert (audited.code, probed.code) == (0, 0)
    assert told(audited)[logs] == ("skipped", why)
    assert told(probed)[logs] == ("skipped", f"{why}; every cell of it passed")
    assert told(probed)["private-dns[private-a-logs]"] == ("passed", None)


def told(run: Finished) -> dict[str, tuple[str, str | None]]:
    """Return verdict and reason of each check."""
    return {each["id"]: (each["verdict"], each["reason"]) for each in run.report["checks"]}


def test_unknown_groups_prove_nothing_either_way(emulated: Emulated) -> None:
    """Story 14 from a vantage without the tasks' groups: could not look, never broken.

    An endpoint that admits one group by its id is silent towards all others.
    """
    (tasks,) = emulated.world.task_groups
    unknown = replace(emulated.snapshot, cluster=None)
    admitting = with_group(unknown, "sg-0123456789abcdef0", https(group=tasks))
    snapshot = with_endpoint(admitting, "logs", groups=("sg-0123456789abcdef0",))

    judged = rehearse(snapshot, groups=(), cloud=emulated.socket)

    check = judged.checks[Claim.TCP_443, "private-a", "logs"]
    assert (check.verdict, check.code) == (Verdict.ERROR, Code.VANTAGE_GROUP_DIFFERS)
    assert check.reason == (
        "the vantage wears unknown groups, what Fargate tasks wear is unknown: "
        "name it with --ecs-security-group; what container instances wear is unknown: "
        "name it with --ecs-instance-security-group"
    )
    assert judged.told("logs") == {(Verdict.PASSED, "None")}
    assert judged.told("logs", Claim.AWSLOGS) == {(Verdict.ERROR, "vantage-group-differs")}


def test_a_participant_cannot_see_the_owners_endpoints(emulated: Emulated) -> None:
    """Story 26: in a VPC shared through RAM absent endpoints are "not visible", neither way."""
    seen = replace(
        emulated.snapshot,
        emulated=False,
        endpoints=(),
        security_groups=tuple(
            group for group in emulated.snapshot.security_groups or () if group.name == "tasks"
        ),
    )

    plan = make_plan(IN_LAB, seen, basis=Basis.PROBED, ca_file=None)

    assert plan.findings == ()
    assert {each.subject for each in plan.unseen} >= {"ecr.api", "ecr.dkr", "logs", "s3"}
    assert {(each.reason, each.permissions) for each in plan.unseen} == {
        ("the VPC is shared by account 123456789012, which alone sees its endpoints", ())
    }
