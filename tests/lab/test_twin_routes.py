"""Route tables in the twin: which addresses a subnet's packets reach, and which they never do."""

from dataclasses import replace

import pytest
from twin_rehearsal import rehearse
from twin_snapshots import (
    LOCAL,
    OPEN_ACL,
    S3_GATEWAY,
    TO_S3,
    acl_entry,
    default_route,
    healthy,
    https,
    interface_address,
    with_group,
    with_routes,
)

from pytest_ecs_privatelink.lab.plan.addresses import public_addresses
from pytest_ecs_privatelink.probes.records import ConnectStatus
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    HostedZone,
    NatGateway,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    ZoneRecord,
)

PRIVATE, PUBLIC = "subnet-0", "subnet-1"
S3 = "52.216.0.1"
(LOGS,) = public_addresses(healthy())["logs"]
ENDPOINT = interface_address(0, 0)
TO_NAT = default_route(RouteTarget.NAT_GATEWAY, "nat-1")
TO_INTERNET = default_route(RouteTarget.INTERNET_GATEWAY, "igw-1")


def behind_nat(**gateway: object) -> Snapshot:
    """Return a VPC with a public and a private subnet, the latter behind a NAT gateway."""
    nat = NatGateway(id="nat-1", subnet=PUBLIC, state="available", public=True)
    snapshot = healthy()
    private, public = snapshot.subnets
    return replace(
        snapshot,
        subnets=(private, replace(public, public_ip_on_launch=True)),
        route_tables=(
            RouteTable(id="rtb-private", routes=(LOCAL, TO_NAT), subnets=(PRIVATE,)),
            RouteTable(id="rtb-public", routes=(LOCAL, TO_INTERNET), subnets=(PUBLIC,)),
        ),
        nat_gateways=(replace(nat, **gateway),),  # type: ignore[arg-type]
    )


def test_no_route_to_s3() -> None:
    """Without the gateway's route S3 is silence; endpoints are not concerned."""
    with rehearse(with_routes(healthy(), LOCAL)) as lab:
        assert lab.drops((PRIVATE, S3), (PRIVATE, LOGS))
        assert lab.opens((PRIVATE, ENDPOINT))


def test_blackhole_in_the_prefix_list() -> None:
    """The longest prefix wins, also where it leads into a blackhole."""
    hole = Route(
        destination="52.216.0.0/24",
        target=RouteTarget.NAT_GATEWAY,
        target_id="nat-gone",
        active=False,
    )
    with rehearse(with_routes(healthy(), LOCAL, TO_S3, hole)) as lab:
        assert lab.drops((PRIVATE, S3))
        assert lab.opens((PRIVATE, "3.5.0.1"))


def test_nat_and_internet_gateway() -> None:
    """NAT leads to S3 and the public side, an internet gateway whoever has a public address."""
    with rehearse(behind_nat()) as lab:
        assert lab.opens((PRIVATE, S3), (PRIVATE, LOGS), (PUBLIC, S3), (PUBLIC, LOGS))
        answer = lab.connect(PRIVATE, LOGS, "logs.us-east-1.amazonaws.com")
        assert answer.status is ConnectStatus.OPEN


def test_internet_gateway_without_public_address() -> None:
    """An internet gateway drops what comes from a host without public address."""
    snapshot = behind_nat()
    subnets = tuple(replace(each, public_ip_on_launch=False) for each in snapshot.subnets)
    with rehearse(replace(snapshot, subnets=subnets)) as lab:
        assert lab.drops((PUBLIC, S3), (PUBLIC, LOGS))
        assert lab.opens((PRIVATE, LOGS))


@pytest.mark.parametrize(
    "snapshot",
    [
        behind_nat(state="failed"),
        behind_nat(public=False),
        behind_nat(subnet=PRIVATE),
        replace(behind_nat(), nat_gateways=()),
        replace(behind_nat(), block_public_access="block-bidirectional"),
    ],
    ids=["failed", "private", "not before the internet", "not there", "blocked"],
)
def test_nat_that_leads_nowhere(snapshot: Snapshot) -> None:
    """A NAT gateway is a way out only where it is available, public, and the internet beyond."""
    with rehearse(snapshot) as lab:
        assert lab.drops((PRIVATE, S3), (PRIVATE, LOGS))


def nat_guarded(*entries: AclEntry) -> Snapshot:
    """Return a VPC behind a NAT gateway whose subnet has an ACL of its own."""
    acl = NetworkAcl(id="acl-public", entries=entries, subnets=(PUBLIC,))
    return replace(behind_nat(), network_acls=(OPEN_ACL, acl))


HTTPS_OUT = acl_entry(100, egress=True, ports=(443, 443))
HTTPS_IN = acl_entry(100, egress=False, ports=(443, 443))
REPLIES_OUT = acl_entry(110, egress=True, ports=(1024, 65535))
REPLIES_IN = acl_entry(110, egress=False, ports=(1024, 65535))


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (HTTPS_OUT, REPLIES_OUT, REPLIES_IN),
        (REPLIES_OUT, HTTPS_IN, REPLIES_IN),
        (HTTPS_OUT, REPLIES_OUT, HTTPS_IN),
        (HTTPS_OUT, HTTPS_IN, REPLIES_IN),
        (HTTPS_OUT, REPLIES_OUT, replace(HTTPS_IN, cidr="10.0.1.0/24"), REPLIES_IN),
        (replace(HTTPS_OUT, cidr="10.0.0.0/16"), REPLIES_OUT, HTTPS_IN, REPLIES_IN),
    ],
    ids=[
        "nothing",
        "no requests in",
        "no requests out",
        "no replies in",
        "no replies out",
        "requests of others",
        "requests to the VPC",
    ],
)
def test_nat_behind_a_closed_acl(entries: tuple[AclEntry, ...]) -> None:
    """A NAT gateway is no way out where its own subnet's ACL stops a request or its reply."""
    with rehearse(nat_guarded(*entries)) as lab:
        assert lab.drops((PRIVATE, S3), (PRIVATE, LOGS))
        assert lab.opens((PRIVATE, ENDPOINT))


def test_nat_behind_an_acl_that_suffices() -> None:
    """443 in and out and return ports in and out are all that a NAT gateway's subnet needs."""
    with rehearse(nat_guarded(HTTPS_OUT, REPLIES_OUT, HTTPS_IN, REPLIES_IN)) as lab:
        assert lab.opens((PRIVATE, S3), (PRIVATE, LOGS))


def test_acl_of_a_nat_gateway_that_is_not_on_the_way() -> None:
    """What the gateway endpoint's longer prefix takes does not pass the NAT gateway's subnet."""
    snapshot = nat_guarded()
    private, public = snapshot.route_tables or ()
    tables = (replace(private, routes=(*private.routes, TO_S3)), public)
    with rehearse(replace(snapshot, route_tables=tables)) as lab:
        assert lab.opens((PRIVATE, S3))
        assert lab.drops((PRIVATE, LOGS))


def test_hole_in_the_return_ports_of_a_nat_gateways_subnet() -> None:
    """Replies that the NAT gateway's subnet lets back to some ports only are found lost."""
    some = replace(REPLIES_OUT, from_port=34000)
    with rehearse(nat_guarded(HTTPS_OUT, some, HTTPS_IN, REPLIES_IN)) as lab:
        assert lab.drops((PRIVATE, LOGS), (PRIVATE, S3))
        assert lab.opens((PRIVATE, ENDPOINT))


def test_ways_lead_where_they_lead() -> None:
    """NAT does not reach a hub's private address, and the S3 gateway no other service."""
    routes = (
        LOCAL,
        TO_NAT,
        Route(
            destination="203.0.113.0/24", target=RouteTarget.GATEWAY_ENDPOINT, target_id=S3_GATEWAY
        ),
    )
    snapshot = replace(
        behind_nat(),
        route_tables=(
            RouteTable(id="rtb-private", routes=routes, subnets=(PRIVATE,)),
            RouteTable(id="rtb-public", routes=(LOCAL, TO_INTERNET), subnets=(PUBLIC,)),
        ),
        hosted_zones=(hub_zone(),),
    )
    with rehearse(snapshot) as lab:
        assert lab.drops((PRIVATE, "10.99.0.5"), (PRIVATE, LOGS))
        assert lab.opens((PRIVATE, S3))


def hub_zone() -> HostedZone:
    """Return a zone as a hub shares it: an AWS name with addresses of the hub's endpoint."""
    name = "ssm.us-east-1.amazonaws.com"
    return HostedZone(
        id="Z1", name=f"{name}.", records=(ZoneRecord(name=name, type="A", values=("10.99.0.5",)),)
    )


@pytest.mark.parametrize(
    ("destination", "target"),
    [
        ("10.99.0.0/16", RouteTarget.TRANSIT_GATEWAY),
        ("0.0.0.0/0", RouteTarget.INSTANCE_OR_INTERFACE),
        ("0.0.0.0/0", RouteTarget.APPLIANCE_ENDPOINT),
    ],
)
def test_hub_endpoint_elsewhere(destination: str, target: RouteTarget) -> None:
    """A hub's endpoint answers with its service's certificate where a route leads to the hub.

    What an appliance lets through is not in a snapshot: the twin takes it to be what a zone names.
    """
    to_hub = Route(destination=destination, target=target, target_id="target-1")
    snapshot = replace(with_routes(healthy(), LOCAL, to_hub), hosted_zones=(hub_zone(),))
    with rehearse(snapshot) as lab:
        name = "ssm.us-east-1.amazonaws.com"
        assert lab.resolve(PRIVATE, name).addresses == ("10.99.0.5",)
        assert lab.connect(PRIVATE, "10.99.0.5", name).status is ConnectStatus.OPEN
    with rehearse(replace(healthy(), hosted_zones=(hub_zone(),))) as lab:
        assert lab.drops((PRIVATE, "10.99.0.5"))


def test_endpoints_answer_with_their_own_certificate_only() -> None:
    """An endpoint cannot pass for another one, whichever name a client asks it for."""
    with rehearse(healthy()) as lab:
        right = lab.connect(PRIVATE, ENDPOINT, "api.ecr.us-east-1.amazonaws.com")
        wrong = lab.connect(PRIVATE, ENDPOINT, "logs.us-east-1.amazonaws.com")
        registry = lab.connect(
            PRIVATE, interface_address(0, 1), "123456789012.dkr.ecr.us-east-1.amazonaws.com"
        )
    assert right.status is ConnectStatus.OPEN
    assert wrong.status is ConnectStatus.CERTIFICATE
    assert registry.status is ConnectStatus.OPEN


def test_rules_hold_beyond_the_vpc() -> None:
    """What leaves through NAT is filtered like anything else."""
    snapshot = with_group(behind_nat(), "sg-tasks", egress=(https(cidr="10.0.0.0/16"),))
    with rehearse(snapshot) as lab:
        assert lab.drops((PRIVATE, LOGS))
        assert lab.opens((PRIVATE, ENDPOINT))
