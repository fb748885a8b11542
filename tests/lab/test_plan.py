"""Compiling a snapshot, without a kernel: addresses, routes, names, and what is refused."""

import json
from dataclasses import replace

import pytest
from twin_rehearsal import plan_of
from twin_snapshots import (
    ACCOUNT,
    ENDPOINTS,
    LOCAL,
    S3_GATEWAY,
    S3_LIST,
    S3_RANGES,
    TASKS,
    TO_S3,
    default_route,
    healthy,
    https,
    interface_address,
    second_subnet_behind_nat,
    with_endpoint_policy,
    with_endpoints,
    with_group,
    with_routes,
)

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.plan import Host, TwinPlan, compile_plan
from pytest_ecs_privatelink.lab.twin_plan import PlannedRoute, Way
from pytest_ecs_privatelink.records import from_json, to_json
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    EndpointServiceOffer,
    EndpointType,
    HostedZone,
    Peering,
    ResolverRule,
    Route,
    RouteTarget,
    Snapshot,
    Unreadable,
    ZoneRecord,
)

REGISTRY = "*.dkr.ecr.us-east-1.amazonaws.com"


def ways(snapshot: Snapshot) -> dict[str, Way | None]:
    """Return the kernel's routes of the first subnet."""
    return {route.destination: route.way for route in plan_of(snapshot).hosts[0].routes}


def zones(snapshot: Snapshot) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what each zone of the resolver holds."""
    return {
        zone.apex: {record.name: record.values for record in zone.records}
        for zone in plan_of(snapshot).resolver.zones
    }


def test_plan_crosses_as_json() -> None:
    """A plan survives the way to the twin's process, and is the same each time."""
    plan = plan_of(healthy())
    assert from_json(TwinPlan, json.loads(json.dumps(to_json(plan)))) == plan
    assert plan_of(healthy()) == plan


def test_policies_stand_where_they_are_enforced() -> None:
    """An interface endpoint's at its addresses, a gateway's with those whose routes lead there."""
    snapshot = second_subnet_behind_nat(healthy(subnets=3))
    snapshot = with_endpoint_policy(with_endpoint_policy(snapshot, "vpce-2"), S3_GATEWAY)
    plan = plan_of(snapshot)

    guarded = {each.address: each.policy.endpoint for each in plan.servers if each.policy}
    assert guarded == {interface_address(0, 2): "vpce-2"}
    (gateway,) = plan.gateways
    assert gateway.policy.endpoint == S3_GATEWAY
    assert gateway.sources == plan.hosts[0].addresses
    assert from_json(TwinPlan, json.loads(json.dumps(to_json(plan)))) == plan


def test_hosts_stand_at_the_highest_free_address() -> None:
    """A host takes no interface's address, nor the resolver's or one that AWS reserves."""
    snapshot = healthy()
    eni = replace((snapshot.interfaces or ())[0], id="eni-x", addresses=("10.0.0.254",))
    plan = plan_of(replace(snapshot, interfaces=(*(snapshot.interfaces or ()), eni)))
    assert [host.address for host in plan.hosts] == ["10.0.0.253", "10.0.1.254"]
    small = replace(snapshot, subnets=(replace(snapshot.subnets[0], cidr="10.0.0.0/28"),))
    assert plan_of(small).hosts[0].address == "10.0.0.14"


def test_subnet_without_free_address() -> None:
    """A full subnet is refused by name."""
    snapshot = healthy(subnets=1)
    eni = (snapshot.interfaces or ())[0]
    addresses = tuple(f"10.0.0.{i}" for i in range(4, 15))
    full = replace(
        snapshot,
        subnets=(replace(snapshot.subnets[0], cidr="10.0.0.0/28"),),
        interfaces=(replace(eni, addresses=addresses),),
    )
    message = r"^subnet subnet-0 \(10.0.0.0/28\) has no free address for a host of the lab$"
    with pytest.raises(LabError, match=message):
        plan_of(full)


@pytest.mark.parametrize(
    ("subnets", "message"),
    [
        (("subnet-9",), "^subnet-9 is no subnet of vpc-1$"),
        (
            ("subnet-0", "subnet-0"),
            "^subnet-0 has two hosts; a twin takes one for each subnet$",
        ),
    ],
)
def test_wrong_hosts(subnets: tuple[str, ...], message: str) -> None:
    """A host stands in a subnet of the VPC, one in each."""
    hosts = tuple(Host(subnet, {}) for subnet in subnets)
    with pytest.raises(ValueError, match=message):
        compile_plan(healthy(), hosts=hosts, registries=())


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("route_tables", "route tables"),
        ("interfaces", "interfaces"),
        ("security_groups", "security groups"),
        ("network_acls", "network acls"),
        ("prefix_lists", "prefix lists"),
    ],
)
def test_unreadable_parts_are_refused(part: str, words: str) -> None:
    """What decides about packets and could not be read is named, with the permission for it."""
    unreadable = Unreadable(part=part, permission="ec2:DescribeThose", error="denied")
    snapshot = replace(healthy(), **{part: None}, unreadable=(unreadable,))  # type: ignore[arg-type]
    message = (
        rf"^no twin of vpc-1 can be built, for the snapshot lacks {words} \(ec2:DescribeThose\):"
        " read it again with these permissions$"
    )
    with pytest.raises(LabError, match=message):
        plan_of(snapshot)


def test_prefix_lists_that_nobody_names_may_be_missing() -> None:
    """Prefix lists are asked for only where a route or a rule names one."""
    snapshot = replace(with_routes(healthy(), LOCAL), prefix_lists=None)
    assert plan_of(snapshot).caveats == ()


def test_routes_are_translated_one_for_one() -> None:
    """Prefix lists are expanded, and what no route covers is dropped."""
    assert ways(healthy()) == {
        "0.0.0.0/0": None,
        "10.0.0.0/16": Way.VPC,
        **dict.fromkeys(S3_RANGES, Way.GATEWAY),
    }


def test_cidr_beats_prefix_list() -> None:
    """Of two routes for the same network the one that names the CIDR counts."""
    hole = Route(
        destination=S3_RANGES[0], target=RouteTarget.TRANSIT_GATEWAY, target_id="t", active=False
    )
    assert ways(with_routes(healthy(), LOCAL, TO_S3, hole))[S3_RANGES[0]] is None


@pytest.mark.parametrize(
    ("target", "way"),
    [
        (RouteTarget.TRANSIT_GATEWAY, Way.TRANSIT),
        (RouteTarget.PEERING, Way.TRANSIT),
        (RouteTarget.VPN_GATEWAY, Way.TRANSIT),
        (RouteTarget.INSTANCE_OR_INTERFACE, Way.TRANSIT),
        (RouteTarget.APPLIANCE_ENDPOINT, Way.TRANSIT),
        (RouteTarget.EGRESS_ONLY_GATEWAY, None),
        (RouteTarget.INTERNET_GATEWAY, None),
        (RouteTarget.NAT_GATEWAY, None),
        (RouteTarget.OTHER, None),
    ],
)
def test_targets(target: RouteTarget, way: Way | None) -> None:
    """What leads to other networks is one way; what is not modelled, or not there, drops."""
    snapshot = with_routes(healthy(), LOCAL, default_route(target, "target-1"))
    assert ways(snapshot)["0.0.0.0/0"] is way


def test_ipv6_routes_are_left_out() -> None:
    """The data path is IPv4."""
    six = Route(destination="::/0", target=RouteTarget.EGRESS_ONLY_GATEWAY, target_id="eigw-1")
    assert set(ways(with_routes(healthy(), LOCAL, six))) == {"0.0.0.0/0", "10.0.0.0/16"}


def test_peering_that_is_not_active() -> None:
    """A peering or attachment that is not active carries nothing."""
    snapshot = with_routes(healthy(), LOCAL, default_route(RouteTarget.PEERING, "pcx-1"))
    peering = Peering(id="pcx-1", kind=RouteTarget.PEERING, state="deleted")
    assert ways(replace(snapshot, peerings=(peering,)))["0.0.0.0/0"] is None


def test_gateway_endpoint_that_is_not_available() -> None:
    """A gateway endpoint serves once it is available."""
    snapshot = healthy()
    endpoints = tuple(
        replace(each, state="pending") if each.type is EndpointType.GATEWAY else each
        for each in snapshot.endpoints
    )
    assert ways(replace(snapshot, endpoints=endpoints))[S3_RANGES[0]] is None


def test_secondary_cidr_is_local() -> None:
    """Every CIDR of the VPC is local, listed in the route table or not."""
    snapshot = healthy()
    vpc = replace(snapshot.vpc, cidrs=("10.0.0.0/16", "20.10.0.0/16"))
    assert ways(replace(snapshot, vpc=vpc))["20.10.0.0/16"] is Way.VPC


def test_hidden_zones() -> None:
    """Private DNS is a zone for each name, with the registry's wildcard in the registry's zone."""
    registry = zones(healthy())["dkr.ecr.us-east-1.amazonaws.com"]
    address = (interface_address(0, 1),)
    assert registry == {"dkr.ecr.us-east-1.amazonaws.com": address, REGISTRY: address}
    assert set(zones(healthy())) == {
        "api.ecr.us-east-1.amazonaws.com",
        "dkr.ecr.us-east-1.amazonaws.com",
        "logs.us-east-1.amazonaws.com",
    }


@pytest.mark.parametrize(
    "snapshot",
    [
        with_endpoints(healthy(), private_dns=False),
        with_endpoints(healthy(), state="pending"),
        with_endpoints(healthy(), private_dns_inbound_resolver_only=True),
        replace(healthy(), vpc=replace(healthy().vpc, dns_hostnames=False)),
        replace(healthy(), vpc=replace(healthy().vpc, dns_support=False)),
    ],
    ids=["off", "pending", "inbound only", "no hostnames", "no support"],
)
def test_no_hidden_zones(snapshot: Snapshot) -> None:
    """Private DNS needs to be on, available, for the VPC itself, and both DNS attributes."""
    assert zones(snapshot) == {}


@pytest.mark.parametrize("emulated", [False, True])
def test_names_that_aws_offers_are_private_too(emulated: bool) -> None:
    """What DescribeVpcEndpointServices adds to the catalogue is believed of AWS alone."""
    offer = EndpointServiceOffer(
        service_name="com.amazonaws.us-east-1.logs",
        types=("Interface",),
        private_dns_names=("logs.us-east-1.amazonaws.com", "*.logs.us-east-1.api.aws"),
    )
    snapshot = replace(healthy(services=("logs",)), endpoint_services=(offer,), emulated=emulated)
    added = set() if emulated else {"logs.us-east-1.api.aws"}
    assert set(zones(snapshot)) == {"logs.us-east-1.amazonaws.com", *added}


def test_endpoint_of_another_region() -> None:
    """An endpoint answers for its own Region's names, not for the VPC's."""
    snapshot = healthy(services=("logs",))
    foreign = with_endpoints(snapshot, service_name="com.amazonaws.us-west-2.logs", dns_names=())
    assert set(zones(foreign)) == {"logs.us-west-2.amazonaws.com"}


def test_hosted_zones() -> None:
    """Hosted zones hold literal records, aliases to endpoints, and what leads nowhere."""
    name = "kms.us-east-1.amazonaws.com"
    endpoint = "vpce-0-x.ecr.api.us-east-1.vpce.amazonaws.com"
    records = (
        ZoneRecord(name=f"{name}.", type="A", alias=f"{endpoint}."),
        ZoneRecord(name=f"\\052.{name}.", type="A", values=("10.0.0.99",)),
        ZoneRecord(name=f"www.{name}", type="CNAME", values=(f"{endpoint}.",)),
        ZoneRecord(name=f"gone.{name}", type="A", alias="balancer.elb.amazonaws.com"),
        ZoneRecord(name=name, type="NS", values=("ns.example.com",)),
    )
    snapshot = replace(
        healthy(), hosted_zones=(HostedZone(id="Z1", name=f"{name}.", records=records),)
    )
    assert zones(snapshot)[name] == {
        name: (interface_address(0, 0),),
        f"*.{name}": ("10.0.0.99",),
        f"www.{name}": (endpoint,),
        f"gone.{name}": (),
    }
    assert plan_of(snapshot).caveats == (
        f"gone.{name} is an alias for something that is not in the snapshot",
    )


@pytest.mark.parametrize(
    ("route", "address"),
    [
        (
            Route(destination="10.99.0.0/16", target=RouteTarget.PEERING, target_id="p"),
            "10.99.0.10",
        ),
        (default_route(RouteTarget.TRANSIT_GATEWAY, "tgw-1"), "10.255.255.10"),
    ],
)
def test_alias_to_a_hub(route: Route, address: str) -> None:
    """An alias to another VPC's endpoint has a stand-in address behind the routes there."""
    name, hub = "kms.us-east-1.amazonaws.com", "vpce-9.kms.us-east-1.vpce.amazonaws.com"
    zone = HostedZone(
        id="Z1", name=name, records=(ZoneRecord(name=name, type="A", alias=f"{hub}."),)
    )
    snapshot = replace(with_routes(healthy(), LOCAL, route), hosted_zones=(zone,))
    plan = plan_of(snapshot)
    assert zones(snapshot)[name] == {name: (address,)}
    (server,) = (server for server in plan.servers if server.address == address)
    assert (server.service, server.ways) == ("kms", (Way.TRANSIT,))
    assert plan.caveats == (
        f"{hub} is taken to be an endpoint that works, in another VPC, at {address}",
    )


def test_public_side() -> None:
    """Public names have addresses of nobody's, S3 names one in each range of its prefix list."""
    public = {record.name: record.values for record in plan_of(healthy()).resolver.public}
    layers = "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com"
    assert public[layers] == ("52.216.0.1", "3.5.0.1")
    assert public[REGISTRY] == public[f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"]
    own = [public[f"{name}.us-east-1.amazonaws.com"] for name in ("logs", "ssm", "ecs-a", "ecs-t")]
    assert len(set(own)) == len(own)
    assert all(address.startswith("203.0.113.") for (address,) in own)


def test_every_address_serves_one_service() -> None:
    """No two servers share an address, and each certificate is for one service's names."""
    servers = plan_of(healthy(subnets=3, interfaces=3)).servers
    assert len({server.address for server in servers}) == len(servers)
    logs = [server for server in servers if server.service == "logs"]
    assert all(name.count("logs.") == 1 for server in logs for name in server.names)


def test_rules_name_what_they_come_from() -> None:
    """Each filter rule says which AWS rule it is, so that whatever decided can be named."""
    snapshot = with_group(healthy(), TASKS, egress=(https(prefix_list=S3_LIST),))
    comments = {
        chain.name: [rule.comment for rule in chain.rules] for chain in plan_of(snapshot).chains
    }
    assert comments[f"{TASKS}-egress"] == [f"{TASKS} egress rule: tcp 443-443 {S3_LIST}"] * 2
    assert comments[f"{ENDPOINTS}-ingress"] == [
        f"{ENDPOINTS} ingress rule: tcp 443-443 10.0.0.0/16"
    ]
    assert comments["acl-1-egress"] == ["acl-1 egress rule 100: allow", "acl-1 egress rule *: deny"]
    assert comments["interface-egress-0"][-1] == f"no egress rule of {TASKS} allows it"


def test_appliances_are_told_of() -> None:
    """What lies behind an appliance is not in a snapshot: the twin says what it takes it for."""
    to_firewall = default_route(RouteTarget.APPLIANCE_ENDPOINT, "vpce-firewall")
    assert plan_of(with_routes(healthy(), LOCAL, to_firewall)).caveats == (
        "vpce-firewall is taken to be an appliance that leads to other networks, not out",
    )


def test_caveats() -> None:
    """What the twin cannot show is said, one sentence each."""
    snapshot = replace(
        healthy(),
        hosted_zones=None,
        nat_gateways=None,
        resolver_rules=(
            ResolverRule(id="rr-1", domain="amazonaws.com", type="FORWARD"),
            ResolverRule(id="rr-2", domain=".", type="RECURSIVE"),  # every VPC has this one
        ),
        dhcp_options=DhcpOptions(id="dopt-1", name_servers=("10.0.0.53",)),
    )
    assert plan_of(snapshot).caveats == (
        "hosted zones could not be read: the twin's resolver knows none",
        "resolver rules forward names to servers that the twin does not have",
        "NAT gateways could not be read: none leads out of the twin",
        "the twin's hosts ask the VPC resolver, not the DHCP options' name servers",
    )


def test_group_that_is_not_in_the_snapshot() -> None:
    """A group without known rules allows nothing, and that is said once."""
    plan = plan_of(healthy(), groups=("sg-stranger", TASKS))
    assert plan.caveats == ("sg-stranger is worn, but not in the snapshot: it allows nothing",)
    (chain,) = (chain for chain in plan.chains if chain.name == "sg-stranger-egress")
    assert chain.rules == ()


def test_zone_without_readable_records() -> None:
    """A hosted zone whose records are not known answers nothing, and that is said."""
    snapshot = replace(healthy(), hosted_zones=(HostedZone(id="Z", name="a.b", records=None),))
    assert zones(snapshot)["a.b"] == {}
    assert plan_of(snapshot).caveats == (
        "records of a hosted zone could not be read: the twin answers NXDOMAIN there",
    )


def test_default_group() -> None:
    """An endpoint without groups wears the VPC's default group."""
    snapshot = with_endpoints(healthy(), groups=())
    groups = tuple(
        replace(each, name="default") if each.id == ENDPOINTS else each
        for each in snapshot.security_groups or ()
    )
    chains = {chain.name for chain in plan_of(replace(snapshot, security_groups=groups)).chains}
    assert f"{ENDPOINTS}-ingress" in chains


def test_route_order_is_stable() -> None:
    """The kernel's routes are listed by length of prefix, whatever the table's order."""
    one = plan_of(with_routes(healthy(), LOCAL, TO_S3)).hosts[0].routes
    other = plan_of(with_routes(healthy(), TO_S3, LOCAL)).hosts[0].routes
    assert one == other
    assert one[0] == PlannedRoute("0.0.0.0/0", None)
