"""Each fault of the cloud changes what the reader sees exactly as it says, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import boto3
import pytest

from pytest_ecs_privatelink.lab.cloud import REGION, Cloud
from pytest_ecs_privatelink.lab.corrections import correct
from pytest_ecs_privatelink.lab.faults import FAULTS, Fault
from pytest_ecs_privatelink.lab.world import IN_ORDER, INTERFACE_SERVICES, World, build_world
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    GroupRule,
    NetworkAcl,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
)
from pytest_ecs_privatelink.topology.reader import read_snapshot

S3 = "com.amazonaws.us-east-1.s3"


@dataclass(frozen=True)
class Broken:
    """A world, and how it was read before and after its fault."""

    world: World
    before: Snapshot
    after: Snapshot

    def changed(self) -> set[str]:
        """Return the names of the snapshot's parts that differ (the time it was taken aside)."""
        return {
            field.name
            for field in fields(Snapshot)
            if field.name != "taken"
            and getattr(self.before, field.name) != getattr(self.after, field.name)
        }


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    """Yield a session for a cloud in which every test builds a world of its own."""
    with Cloud.launch() as cloud:
        cloud.wait()
        yield cloud.session()


@pytest.fixture
def break_world(session: boto3.Session) -> Callable[..., Broken]:
    """Return a function that builds a world and breaks it by the faults of these names."""

    def build(*names: str) -> Broken:
        world = build_world(session, workload=False)
        faults = [FAULTS[name] for name in names]
        before = read(session, world, [])
        for fault in faults:
            if fault.break_cloud is not None:
                fault.break_cloud(world, session)
        return Broken(world=world, before=before, after=read(session, world, faults))

    return build


def read(session: boto3.Session, world: World, faults: list[Fault]) -> Snapshot:
    """Read the world as the lab does: corrected, then edited."""
    reading = read_snapshot(session, world.vpc_id, region=REGION, emulated=True)
    snapshot = correct(reading.snapshot)
    subnets = tuple(replace(each, free_addresses=None) for each in snapshot.subnets)
    snapshot = replace(snapshot, subnets=subnets)  # else every interface changes its subnet
    for fault in faults:
        if fault.edit is not None:
            snapshot = fault.edit(snapshot, world)
    return snapshot


def endpoints_of(snapshot: Snapshot) -> dict[str, Endpoint]:
    """Return the endpoints by service name (one each)."""
    found = {each.service_name: each for each in snapshot.endpoints}
    assert len(found) == len(snapshot.endpoints)
    return found


def group(snapshot: Snapshot, group_id: str) -> SecurityGroup:
    """Return the security group with this id."""
    return next(each for each in snapshot.security_groups or () if each.id == group_id)


def acl_of(snapshot: Snapshot, subnet_id: str) -> NetworkAcl:
    """Return the network ACL that guards the subnet."""
    return next(each for each in snapshot.network_acls or () if subnet_id in each.subnets)


def table_of(snapshot: Snapshot, subnet_id: str) -> RouteTable:
    """Return the route table that is associated with the subnet."""
    return next(each for each in snapshot.route_tables or () if subnet_id in each.subnets)


Break = Callable[..., Broken]


def test_endpoint_missing(break_world: Break) -> None:
    """The endpoint for logs is gone with its interfaces; all else stands."""
    broken = break_world("endpoint-missing")
    logs = endpoints_of(broken.before)["com.amazonaws.us-east-1.logs"]

    assert broken.changed() == {"endpoints", "interfaces"}
    assert set(broken.before.endpoints) - set(broken.after.endpoints) == {logs}
    assert {each.id for each in broken.before.interfaces or ()} - {
        each.id for each in broken.after.interfaces or ()
    } == set(logs.interfaces)


def test_endpoint_missing_public_path(break_world: Break) -> None:
    """The way out is whole: default route, NAT gateway, public subnet, open groups."""
    broken = break_world("endpoint-missing-public-path")
    private = table_of(broken.after, broken.world.subnets["private-a"])
    (nat,) = broken.after.nat_gateways or ()
    public = table_of(broken.after, nat.subnet)
    defaults = {
        table.id: (route.target, route.target_id, route.active)
        for table in (private, public)
        for route in table.routes
        if route.destination == "0.0.0.0/0"
    }
    everywhere = GroupRule(protocol="tcp", from_port=443, to_port=443, cidr="0.0.0.0/0")

    assert "com.amazonaws.us-east-1.logs" not in endpoints_of(broken.after)
    assert len(broken.after.endpoints) == len(broken.before.endpoints) - 1
    assert (nat.public, nat.state) == (True, "available")
    assert broken.after.internet_gateways is not None
    assert defaults == {
        private.id: (RouteTarget.NAT_GATEWAY, nat.id, True),
        public.id: (RouteTarget.INTERNET_GATEWAY, broken.after.internet_gateways[0], True),
    }
    for client in (*broken.world.task_groups, *broken.world.instance_groups):
        assert everywhere in group(broken.after, client).egress
    assert {each.name for each in broken.after.subnets} - set(broken.world.subnets) == {"public-a"}


def test_endpoint_wrong_region(break_world: Break) -> None:
    """The ecs endpoints are another Region's, and nothing else changes."""
    broken = break_world("endpoint-wrong-region")
    services = list(endpoints_of(broken.after))

    assert broken.changed() == {"endpoints", "interfaces"}
    assert {name for name in services if "us-west-2" in name} == {
        f"com.amazonaws.us-west-2.{service}" for service in IN_ORDER
    }
    assert not {f"com.amazonaws.us-east-1.{service}" for service in IN_ORDER} & set(services)
    assert len(services) == len(broken.before.endpoints)


def test_endpoint_not_available(break_world: Break) -> None:
    """Only the state differs, and correcting the snapshot again keeps it."""
    broken = break_world("endpoint-not-available")
    name = "com.amazonaws.us-east-1.logs"

    assert broken.changed() == {"endpoints"}
    assert endpoints_of(broken.after)[name] == replace(
        endpoints_of(broken.before)[name], state="pending"
    )
    assert correct(broken.after) == broken.after


def test_endpoint_private_dns_off(break_world: Break) -> None:
    """The endpoint for logs is there, dressed as before, and answers for no private name."""
    broken = break_world("endpoint-private-dns-off")
    name = "com.amazonaws.us-east-1.logs"
    was, now = endpoints_of(broken.before)[name], endpoints_of(broken.after)[name]

    assert broken.changed() == {"endpoints", "interfaces"}
    assert (was.private_dns, now.private_dns) == (True, False)
    assert (was.groups, set(was.subnets)) == (now.groups, set(now.subnets))
    assert all("vpce" in each for each in now.dns_names)


@pytest.mark.parametrize("attribute", ["hostnames", "support"])
def test_vpc_dns_off(break_world: Break, attribute: str) -> None:
    """One DNS attribute of the VPC is off, the other on."""
    broken = break_world(f"vpc-dns-{attribute}-off")

    assert broken.changed() == {"vpc"}
    assert broken.after.vpc == (
        replace(broken.before.vpc, dns_hostnames=False)
        if attribute == "hostnames"
        else replace(broken.before.vpc, dns_support=False)
    )


def test_endpoint_sg_ingress(break_world: Break) -> None:
    """The endpoints' group admits nothing any more."""
    broken = break_world("endpoint-sg-ingress")
    endpoint_group = broken.world.endpoint_group

    assert broken.changed() == {"security_groups"}
    assert group(broken.after, endpoint_group) == replace(
        group(broken.before, endpoint_group), ingress=()
    )


@pytest.mark.parametrize(
    ("name", "left"), [("task-sg-egress", "prefix_list"), ("task-sg-egress-s3", "group")]
)
def test_task_sg_egress(break_world: Break, name: str, left: str) -> None:
    """The tasks' group keeps only the other of its two rules; hosts keep both."""
    broken = break_world(name)
    (tasks,) = broken.world.task_groups
    (rule,) = group(broken.after, tasks).egress
    (hosts,) = broken.world.instance_groups

    assert broken.changed() == {"security_groups"}
    assert getattr(rule, left) is not None
    assert group(broken.after, hosts) == group(broken.before, hosts)


@pytest.mark.parametrize(
    ("name", "subnet", "entries"),
    [
        (
            "nacl-blocks-return",
            "private-b",
            {("in", 100, True, "6", 443), ("out", 100, True, "-1", None)},
        ),
        (
            "nacl-blocks-egress",
            "private-c",
            {
                ("in", 100, True, "-1", None),
                ("out", 90, False, "6", 443),
                ("out", 100, True, "-1", None),
            },
        ),
        (
            "nacl-blocks-ingress",
            "private-c",
            {
                ("in", 90, False, "6", 443),
                ("in", 100, True, "-1", None),
                ("out", 100, True, "-1", None),
            },
        ),
    ],
)
def test_nacl_blocks(
    break_world: Break, name: str, subnet: str, entries: set[tuple[str, int, bool, str, int | None]]
) -> None:
    """One subnet has an ACL of its own with these rules; the others keep the default one."""
    broken = break_world(name)
    acl = acl_of(broken.after, broken.world.subnets[subnet])
    others = {i for name, i in broken.world.subnets.items() if name != subnet}
    rules = {
        ("out" if each.egress else "in", each.number, each.allow, each.protocol, each.from_port)
        for each in acl.entries
        if each.number < 32767
    }

    assert broken.changed() == {"network_acls"}
    assert rules == entries
    assert acl.subnets == (broken.world.subnets[subnet],)
    assert {acl_of(broken.after, each).default for each in others} == {True}


def test_s3_gateway_missing(break_world: Break) -> None:
    """The gateway is gone, and its route with it."""
    broken = break_world("s3-gateway-missing")

    assert broken.changed() == {"endpoints", "route_tables"}
    assert S3 not in endpoints_of(broken.after)
    assert {
        route.target for table in broken.after.route_tables or () for route in table.routes
    } == {RouteTarget.LOCAL}


def test_s3_interface_only(break_world: Break) -> None:
    """An interface endpoint without private DNS stands where the gateway was; no route is left."""
    broken = break_world("s3-interface-only")
    now = endpoints_of(broken.after)[S3]

    assert broken.changed() == {"endpoints", "interfaces", "route_tables"}
    assert (now.type, now.private_dns) == (EndpointType.INTERFACE, False)
    assert {
        route.target for table in broken.after.route_tables or () for route in table.routes
    } == {RouteTarget.LOCAL}


def test_s3_gateway_no_route(break_world: Break) -> None:
    """One subnet's table has no route to the gateway; the others' table has."""
    broken = break_world("s3-gateway-no-route")
    targets = {
        name: {route.target for route in table_of(broken.after, subnet).routes}
        for name, subnet in broken.world.subnets.items()
    }

    assert broken.changed() == {"route_tables"}
    assert targets["private-c"] == {RouteTarget.LOCAL}
    assert (
        targets["private-a"]
        == targets["private-b"]
        == {RouteTarget.LOCAL, RouteTarget.GATEWAY_ENDPOINT}
    )


def test_faults_add_up(break_world: Break) -> None:
    """All breaks made through the API together still leave a world that can be read.

    An edit may want what another fault takes away: test_fault_pairs.py has those.
    """
    names = [name for name, fault in FAULTS.items() if fault.break_cloud and not fault.edit]
    broken = break_world(*names)

    assert broken.after.unreadable == ()
    assert correct(broken.after) == broken.after
    services = {each.service_name.rpartition(".")[2] for each in broken.after.endpoints}
    assert {each.type for each in broken.after.endpoints} == {EndpointType.INTERFACE}
    assert services <= {*INTERFACE_SERVICES, "s3", "api", "dkr"}
