"""An emulator's snapshot becomes one that AWS could have given; AWS's own stays as it is."""

import ipaddress
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.lab.corrections import correct
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
    Unreadable,
    Vpc,
)

S3 = "com.amazonaws.us-east-1.s3"
LOGS = "com.amazonaws.us-east-1.logs"
SUBNETS = (
    Subnet(id="subnet-a", cidr="10.0.1.0/24", az="us-east-1a"),
    Subnet(id="subnet-b", cidr="10.0.2.0/24", az="us-east-1b"),
)
DEFAULT = SecurityGroup(id="sg-default", vpc="vpc-1", name="default", ingress=(), egress=())
PEERS_DEFAULT = replace(DEFAULT, id="sg-peer", vpc="vpc-2")
GATEWAY_ROUTE = Route(
    destination="pl-1", target=RouteTarget.GATEWAY_ENDPOINT, target_id="vpce-s3", active=True
)


def a_snapshot(**parts: object) -> Snapshot:
    """Return an emulator's snapshot of vpc-1 with two subnets, and ``parts``."""
    empty = Snapshot(
        taken="2026-11-23T00:00:00Z",
        region="us-east-1",
        partition="aws",
        account="123456789012",
        emulated=True,
        vpc=Vpc(id="vpc-1", owner="123456789012", cidrs=("10.0.0.0/16",)),
        subnets=SUBNETS,
        endpoints=(),
        route_tables=(),
        interfaces=(),
        security_groups=(PEERS_DEFAULT, DEFAULT),
        prefix_lists=(),
    )
    return replace(empty, **parts)  # type: ignore[arg-type]  # the callers' parts are typed


def an_endpoint(**parts: object) -> Endpoint:
    """Return an endpoint for logs in both subnets, as moto describes it, and ``parts``."""
    endpoint = Endpoint(
        id="vpce-logs",
        service_name=LOGS,
        type=EndpointType.INTERFACE,
        state="available",
        private_dns=True,
        subnets=("subnet-a", "subnet-b"),
        groups=("sg-endpoint",),
        interfaces=("eni-a", "eni-b"),
        dns_names=("vpce-logs-0f.com.amazonaws.us-east-1.logs",),
    )
    return replace(endpoint, **parts)  # type: ignore[arg-type]  # the callers' parts are typed


def an_interface(name: str, address: str, subnet: str | None = None) -> Interface:
    """Return an interface as moto describes an endpoint's."""
    subnet = subnet or name.replace("eni", "subnet")
    return Interface(
        id=name, subnet=subnet, type="interface", addresses=(address,), groups=("sg-default",)
    )


MOTO_INTERFACES = (an_interface("eni-a", "10.77.8.9"), an_interface("eni-b", "10.0.2.77"))


def test_what_aws_says_stays() -> None:
    """A snapshot of real AWS is returned as it is, however odd it looks."""
    real = a_snapshot(emulated=False, endpoints=(an_endpoint(),), interfaces=MOTO_INTERFACES)

    assert correct(real) is real


def test_endpoint_interfaces_look_like_awss() -> None:
    """Type, description and groups are an endpoint's, and a wrong address moves into the subnet."""
    corrected = correct(a_snapshot(endpoints=(an_endpoint(),), interfaces=MOTO_INTERFACES))

    assert corrected.interfaces == (
        Interface(
            id="eni-a",
            subnet="subnet-a",
            type="vpc_endpoint",
            addresses=("10.0.1.4",),
            groups=("sg-endpoint",),
            description="VPC Endpoint Interface vpce-logs",
        ),
        Interface(
            id="eni-b",
            subnet="subnet-b",
            type="vpc_endpoint",
            addresses=("10.0.2.77",),
            groups=("sg-endpoint",),
            description="VPC Endpoint Interface vpce-logs",
        ),
    )


def test_an_endpoint_without_groups_wears_the_vpcs_default() -> None:
    """AWS puts the VPC's default group where none was given; a peer's default is another."""
    corrected = correct(a_snapshot(endpoints=(an_endpoint(groups=()),), interfaces=MOTO_INTERFACES))

    assert corrected.endpoints[0].groups == ("sg-default",)
    assert corrected.interfaces is not None
    assert {each.groups for each in corrected.interfaces} == {("sg-default",)}


def test_interfaces_follow_the_subnets() -> None:
    """Moto's ModifyVpcEndpoint forgets the interfaces: a new subnet gets one, a left one goes."""
    moved = an_endpoint(subnets=("subnet-b",), interfaces=("eni-a",))
    corrected = correct(a_snapshot(endpoints=(moved,), interfaces=MOTO_INTERFACES[:1]))

    assert corrected.interfaces is not None
    assert [(each.subnet, each.addresses) for each in corrected.interfaces] == [
        ("subnet-b", ("10.0.2.4",))
    ]
    assert corrected.endpoints[0].interfaces == (corrected.interfaces[0].id,)


def test_interfaces_of_others_keep_what_they_are() -> None:
    """A task's interface is moved into its subnet, but nobody makes an endpoint's of it."""
    task = an_interface("eni-task", "10.250.0.1", subnet="subnet-a")
    corrected = correct(a_snapshot(interfaces=(task,)))

    assert corrected.interfaces == (replace(task, addresses=("10.0.1.4",)),)


def test_a_full_subnet_leaves_the_wrong_address() -> None:
    """Where no address is free the emulator's stays: two interfaces never share one."""
    full = Subnet(id="subnet-a", cidr="10.0.1.0/29", az="us-east-1a")
    crowd = tuple(an_interface(f"eni-{n}", f"10.9.9.{n}", subnet="subnet-a") for n in range(1, 6))
    corrected = correct(a_snapshot(subnets=(full,), interfaces=crowd))

    assert corrected.interfaces is not None
    assert [each.addresses[0] for each in corrected.interfaces] == [
        *("10.0.1.4", "10.0.1.5", "10.0.1.6"),
        *("10.9.9.4", "10.9.9.5"),
    ]


def test_unread_interfaces_stay_unread() -> None:
    """What could not be read is not invented."""
    assert correct(a_snapshot(endpoints=(an_endpoint(),), interfaces=None)).interfaces is None


def test_dns_entries_are_the_regional_the_zonal_and_the_private_names() -> None:
    """DnsEntries have AWS's shape, with the service's labels turned round as in its host name."""
    endpoint = an_endpoint(id="vpce-1", service_name="com.amazonaws.us-east-1.ecr.dkr")
    names = correct(a_snapshot(endpoints=(endpoint,))).endpoints[0].dns_names
    label = names[0].partition(".")[0]

    assert label.startswith("vpce-1-")
    assert names == (
        f"{label}.dkr.ecr.us-east-1.vpce.amazonaws.com",
        f"{label}-us-east-1a.dkr.ecr.us-east-1.vpce.amazonaws.com",
        f"{label}-us-east-1b.dkr.ecr.us-east-1.vpce.amazonaws.com",
        "dkr.ecr.us-east-1.amazonaws.com",
        "*.dkr.ecr.us-east-1.amazonaws.com",
    )


def test_without_private_dns_there_are_no_private_names() -> None:
    """Only the endpoint's own names are left."""
    corrected = correct(a_snapshot(endpoints=(an_endpoint(private_dns=False),)))

    assert all("vpce" in name for name in corrected.endpoints[0].dns_names)


def test_names_of_a_service_that_nobody_knows_stay() -> None:
    """A partner's endpoint service has names that cannot be derived."""
    partner = an_endpoint(service_name="com.amazonaws.vpce.us-east-1.vpce-svc-1", interfaces=())
    corrected = correct(a_snapshot(endpoints=(partner,)))

    assert corrected.endpoints[0].dns_names == partner.dns_names


@pytest.mark.parametrize("kind", [EndpointType.GATEWAY, EndpointType.OTHER])
def test_a_gateway_is_one_though_its_type_is_missing(kind: EndpointType) -> None:
    """S3 without a type is a gateway, and gateways have no private DNS, groups or names."""
    s3 = Endpoint(
        id="vpce-s3",
        service_name=S3,
        type=kind,
        state="available",
        private_dns=True,
        groups=("sg-1",),
        dns_names=("nonsense",),
    )
    corrected = correct(a_snapshot(endpoints=(s3,))).endpoints[0]

    assert corrected == replace(
        s3, type=EndpointType.GATEWAY, private_dns=False, groups=(), dns_names=()
    )


def test_other_endpoints_stay_other() -> None:
    """A Gateway Load Balancer's endpoint is neither interface nor gateway."""
    other = an_endpoint(type=EndpointType.OTHER, service_name=LOGS, interfaces=())

    assert correct(a_snapshot(endpoints=(other,))).endpoints == (other,)


@pytest.mark.parametrize("state", ["pending", "failed", "available"])
def test_states_stay(state: str) -> None:
    """A fault's state survives: it is a fact of the world, not the emulator's mistake."""
    corrected = correct(a_snapshot(endpoints=(an_endpoint(state=state),)))

    assert corrected.endpoints[0].state == state


def test_deleted_endpoints_vanish() -> None:
    """Emulators keep listing what AWS forgets."""
    assert correct(a_snapshot(endpoints=(an_endpoint(state="deleted"),))).endpoints == ()


def test_the_s3_list_gets_ranges() -> None:
    """Without ranges the S3 list would admit nothing; other lists stay as they are."""
    lists = (
        PrefixList(id="pl-1", name=S3, cidrs=()),
        PrefixList(id="pl-2", name="own", cidrs=()),
        PrefixList(id="pl-3", name=S3, cidrs=("3.5.0.0/19",)),
    )
    corrected = correct(a_snapshot(prefix_lists=lists))

    assert corrected.prefix_lists == (
        PrefixList(id="pl-1", name=S3, cidrs=("3.5.0.0/19", "52.216.0.0/15", "54.231.0.0/16")),
        *lists[1:],
    )


def test_a_list_that_only_a_route_names_gets_a_record() -> None:
    """A gateway's route may lead by a list that the emulator does not describe."""
    s3 = a_gateway("rtb-1")
    table = RouteTable(id="rtb-1", routes=(GATEWAY_ROUTE,))
    corrected = correct(a_snapshot(endpoints=(s3,), route_tables=(table,)))

    assert corrected.prefix_lists is not None
    assert [(each.id, each.name, bool(each.cidrs)) for each in corrected.prefix_lists] == [
        ("pl-1", S3, True)
    ]
    assert corrected.route_tables == (table,)


def a_gateway(*tables: str) -> Endpoint:
    """Return an S3 gateway endpoint that is associated with ``tables``."""
    return Endpoint(
        id="vpce-s3",
        service_name=S3,
        type=EndpointType.GATEWAY,
        state="available",
        private_dns=False,
        route_tables=tables,
    )


def test_routes_follow_the_gateways_associations() -> None:
    """Moto's ModifyVpcEndpoint forgets the route: it is there where the association is."""
    local = Route(destination="10.0.0.0/16", target=RouteTarget.LOCAL, target_id=None)
    joined = RouteTable(id="rtb-joined", routes=(local,))
    left = RouteTable(id="rtb-left", routes=(local, GATEWAY_ROUTE))
    corrected = correct(
        a_snapshot(
            endpoints=(a_gateway("rtb-joined"),),
            route_tables=(joined, left),
            prefix_lists=(PrefixList(id="pl-1", name=S3, cidrs=("3.5.0.0/19",)),),
        )
    )

    assert corrected.route_tables == (
        replace(joined, routes=(local, GATEWAY_ROUTE)),
        replace(left, routes=(local,)),
    )


def test_the_default_group_admits_its_members() -> None:
    """AWS's default group does; one whose rules were taken away on purpose stays empty."""
    everything = GroupRule(protocol="-1", cidr="0.0.0.0/0")
    untouched = replace(DEFAULT, egress=(everything,))
    emptied = replace(DEFAULT, id="sg-emptied")
    own = replace(untouched, id="sg-own", name="own")
    corrected = correct(a_snapshot(security_groups=(untouched, emptied, own)))

    assert corrected.security_groups == (
        replace(untouched, ingress=(GroupRule(protocol="-1", group="sg-default"),)),
        emptied,
        own,
    )


@pytest.mark.parametrize(
    "error",
    [
        "the answer is not in AWS's format",
        "500: an HTML page",
        "InternalFailure: The API for service route53profiles has not yet been emulated",
    ],
)
def test_what_the_emulator_lacks_is_not_there(error: str) -> None:
    """An unimplemented call is no missing permission: such a thing cannot exist there."""
    profiles = Unreadable(part="route53_profiles", permission="p:List", error=error)
    blocking = replace(profiles, part="block_public_access")
    corrected = correct(a_snapshot(unreadable=(profiles, blocking)))

    assert corrected.route53_profiles == ()
    assert corrected.block_public_access == "off"
    assert corrected.unreadable == ()


def test_what_the_emulator_denies_stays_unreadable() -> None:
    """A refusal is one, whoever refuses; and nothing stands in for route tables."""
    denied = Unreadable(part="hosted_zones", permission="p:List", error="AccessDenied: no")
    tables = Unreadable(part="route_tables", permission="p:List", error="500: an HTML page")
    corrected = correct(a_snapshot(unreadable=(denied, tables), route_tables=None))

    assert corrected.hosted_zones is None
    assert corrected.route_tables is None
    assert corrected.unreadable == (denied, tables)


@st.composite
def emulated_snapshots(draw: st.DrawFn) -> Snapshot:
    """Return snapshots with random subnets, endpoints in them and interfaces anywhere."""
    sizes = draw(st.lists(st.integers(24, 28), min_size=1, max_size=4))
    subnets = tuple(
        Subnet(id=f"subnet-{n}", cidr=f"10.0.{n}.0/{size}", az=f"us-east-1{'abcd'[n]}")
        for n, size in enumerate(sizes)
    )
    ids = st.sampled_from([subnet.id for subnet in subnets])
    near = st.builds("10.0.{}.{}".format, st.integers(0, 4), st.integers(0, 40))
    anywhere = near | st.ip_addresses(v=4).map(str)
    services = draw(st.lists(st.sampled_from(["logs", "ecr.api", "kms", "ssm"]), unique=True))
    endpoints, interfaces = [], []
    for service in services:
        homes = draw(st.lists(ids, unique=True, max_size=4))
        owned = tuple(f"eni-{service}-{n}" for n, _ in enumerate(homes))
        endpoints.append(
            an_endpoint(
                id=f"vpce-{service}",
                service_name=f"com.amazonaws.us-east-1.{service}",
                groups=draw(st.sampled_from([(), ("sg-1",)])),
                subnets=tuple(homes),
                interfaces=owned,
                state=draw(st.sampled_from(["available", "pending", "deleted"])),
            )
        )
        interfaces += [
            an_interface(eni, draw(anywhere), home)
            for eni, home in zip(owned, homes, strict=True)
            if draw(st.integers(0, 5))
        ]
    others = draw(st.lists(st.tuples(anywhere, ids), max_size=6))
    interfaces += [
        an_interface(f"eni-{n}", address, home) for n, (address, home) in enumerate(others)
    ]
    return a_snapshot(subnets=subnets, endpoints=tuple(endpoints), interfaces=tuple(interfaces))


@given(emulated_snapshots())
def test_correcting_twice_changes_nothing(snapshot: Snapshot) -> None:
    """Whoever corrects again, a worker or a loaded file's reader, gets the same."""
    once = correct(snapshot)

    assert correct(once) == once


@given(emulated_snapshots())
def test_every_interface_has_an_address_of_its_own_in_its_subnet(snapshot: Snapshot) -> None:
    """No address outside the subnet, reserved by AWS, or held twice (sizes leave room)."""
    corrected = correct(snapshot)
    assert corrected.interfaces is not None
    networks = {each.id: ipaddress.ip_network(each.cidr) for each in corrected.subnets}
    addresses = [each.addresses[0] for each in corrected.interfaces]

    assert len(set(addresses)) == len(addresses)
    for interface, address in zip(corrected.interfaces, addresses, strict=True):
        network = networks[interface.subnet]
        reserved = [*list(network)[:4], network.broadcast_address]
        assert ipaddress.ip_address(address) in network
        assert ipaddress.ip_address(address) not in reserved


@given(emulated_snapshots())
def test_every_endpoint_has_one_interface_per_subnet(snapshot: Snapshot) -> None:
    """And the interface wears what the endpoint wears."""
    corrected = correct(snapshot)
    known = {each.id: each for each in corrected.interfaces or ()}

    for endpoint in corrected.endpoints:
        own = [known[eni] for eni in endpoint.interfaces]
        assert tuple(each.subnet for each in own) == endpoint.subnets
        assert all(each.groups == endpoint.groups for each in own)


def test_addresses_do_not_depend_on_random_ids() -> None:
    """Two runs of the lab give the same service the same address, whatever the ids are."""
    services = ("logs", "ecr.api", "kms")

    def addresses(prefix: str, order: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        endpoints = tuple(
            an_endpoint(
                id=f"vpce-{prefix}{name}",
                service_name=f"com.amazonaws.us-east-1.{name}",
                interfaces=tuple(f"eni-{prefix}{name}-{zone}" for zone in "ab"),
            )
            for name in order
        )
        interfaces = tuple(
            an_interface(f"eni-{prefix}{name}-{zone}", "10.9.9.9", f"subnet-{zone}")
            for name, zone in product(order, "ab")
        )
        corrected = correct(a_snapshot(endpoints=endpoints, interfaces=interfaces))
        known = {each.id: each.addresses[0] for each in corrected.interfaces or ()}
        return {
            each.service_name: tuple(known[eni] for eni in each.interfaces)
            for each in corrected.endpoints
        }

    assert addresses("1", services) == addresses("9", services[::-1])
