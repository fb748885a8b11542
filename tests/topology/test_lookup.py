"""Who belongs to whom in a snapshot."""

import pytest
from snapshot_builders import vpc_of

from pytest_ecs_privatelink.topology.lookup import (
    acl_of,
    aws_endpoints,
    default_group,
    effective_groups,
    endpoint_addresses,
    endpoints_for,
    interfaces_of,
    is_beyond_repair,
    s3_prefix_list,
    subnet_of,
    table_of,
    task_interfaces,
)
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    Interface,
    NetworkAcl,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Snapshot,
)


def endpoint(
    service_name: str = "com.amazonaws.us-east-1.logs",
    *,
    id_: str = "vpce-1",
    state: str = "available",
    type_: EndpointType = EndpointType.INTERFACE,
    groups: tuple[str, ...] = (),
    interfaces: tuple[str, ...] = (),
    service_region: str | None = None,
) -> Endpoint:
    """Return an endpoint with private DNS."""
    return Endpoint(
        id=id_,
        service_name=service_name,
        type=type_,
        state=state,
        private_dns=True,
        groups=groups,
        interfaces=interfaces,
        service_region=service_region,
    )


def group(id_: str, name: str = "tasks", vpc: str = "vpc-1") -> SecurityGroup:
    """Return a group without rules."""
    return SecurityGroup(id=id_, vpc=vpc, name=name, ingress=(), egress=())


DEFAULT = group("sg-default", "default")
TASKS = group("sg-tasks")
PEERS_DEFAULT = group("sg-peer", "default", vpc="vpc-2")


def with_groups(groups: tuple[SecurityGroup, ...] | None) -> Snapshot:
    """Return a snapshot with these groups."""
    return vpc_of(security_groups=groups)


def test_default_group_is_this_vpcs() -> None:
    """Of several groups called default, the VPC's own is meant; none is known if none was read."""
    assert default_group(with_groups((PEERS_DEFAULT, TASKS, DEFAULT))) == DEFAULT
    assert default_group(with_groups((PEERS_DEFAULT,))) is None
    assert default_group(with_groups(None)) is None


@pytest.mark.parametrize(
    ("worn", "type_", "expected"),
    [
        (("sg-tasks",), EndpointType.INTERFACE, (TASKS,)),
        (("sg-tasks", "sg-unread"), EndpointType.INTERFACE, (TASKS,)),
        ((), EndpointType.INTERFACE, (DEFAULT,)),
        ((), EndpointType.GATEWAY, ()),
    ],
)
def test_endpoint_without_groups_wears_the_default_one(
    worn: tuple[str, ...], type_: EndpointType, expected: tuple[SecurityGroup, ...]
) -> None:
    """Interface endpoints wear their groups, else the default group; gateways wear none."""
    snapshot = with_groups((PEERS_DEFAULT, TASKS, DEFAULT))

    assert effective_groups(snapshot, endpoint(groups=worn, type_=type_)) == expected


def test_interfaces_and_addresses_of_an_endpoint() -> None:
    """An endpoint's addresses are those of its interfaces, IPv4 and IPv6, and of no other."""
    mine = Interface(
        id="eni-1",
        subnet="subnet-a",
        type="vpc_endpoint",
        addresses=("10.0.0.5",),
        ipv6_addresses=("fd00::5",),
    )
    also_mine = Interface(
        id="eni-2", subnet="subnet-b", type="vpc_endpoint", addresses=("10.0.1.5",)
    )
    other = Interface(id="eni-3", subnet="subnet-a", type="interface", addresses=("10.0.0.9",))
    snapshot = vpc_of(interfaces=(mine, other, also_mine))
    logs = endpoint(interfaces=("eni-2", "eni-1", "eni-unread"))

    assert interfaces_of(snapshot, logs) == (also_mine, mine)
    assert endpoint_addresses(snapshot, logs) == ("10.0.1.5", "10.0.0.5", "fd00::5")
    assert endpoint_addresses(vpc_of(interfaces=None), logs) == ()


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("arn:aws:ecs:us-east-1:123456789012:attachment/0a1b", True),
        ("arn:aws-us-gov:ecs:us-gov-west-1:123456789012:attachment/0a1b", True),
        ("arn:aws:ecs:us-east-1:123456789012:task/0a1b", False),
        ("VPC Endpoint Interface vpce-1", False),
        ("", False),
        (None, False),
    ],
)
def test_a_tasks_interface_is_told_by_its_description(description: str | None, found: bool) -> None:
    """ECS writes the attachment's ARN there; an interface of another subnet is not asked for."""
    mine = Interface(
        id="eni-1", subnet="subnet-a", type="interface", addresses=(), description=description
    )
    snapshot = vpc_of(interfaces=(mine,))

    assert task_interfaces(snapshot, "subnet-a") == ((mine,) if found else ())
    assert task_interfaces(snapshot, "subnet-b") == ()
    assert task_interfaces(vpc_of(interfaces=None), "subnet-a") == ()


def test_subnet_uses_its_own_table_else_the_main_one() -> None:
    """An explicit association beats the main table; unread tables are no table."""
    main = RouteTable(id="rtb-main", routes=(), main=True)
    own = RouteTable(id="rtb-own", routes=(), subnets=("subnet-a",))
    snapshot = vpc_of(route_tables=(main, own))

    assert table_of(snapshot, "subnet-a") == own
    assert table_of(snapshot, "subnet-b") == main
    assert table_of(vpc_of(route_tables=None), "subnet-a") is None


def test_subnet_is_guarded_by_its_own_acl_else_the_default_one() -> None:
    """An explicit association beats the default ACL; unread ACLs are no ACL."""
    default = NetworkAcl(id="acl-default", entries=(), default=True)
    own = NetworkAcl(id="acl-own", entries=(), subnets=("subnet-a",))
    snapshot = vpc_of(network_acls=(default, own))

    assert acl_of(snapshot, "subnet-a") == own
    assert acl_of(snapshot, "subnet-b") == default
    assert acl_of(vpc_of(network_acls=None), "subnet-a") is None


def test_subnet_by_id() -> None:
    """A subnet is found by its id, and None stands for one that the VPC does not have."""
    snapshot = vpc_of()

    assert subnet_of(snapshot, "subnet-a") == snapshot.subnets[0]
    assert subnet_of(snapshot, "subnet-z") is None


@pytest.mark.parametrize(
    ("service_name", "service", "found"),
    [
        ("com.amazonaws.us-east-1.logs", "logs", True),
        ("com.amazonaws.us-east-1.ecr.api", "ecr.api", True),
        ("com.amazonaws.us-east-1.ecr.api", "api", False),
        ("com.amazonaws.us-east-1.ec2messages", "ec2", False),
        ("com.amazonaws.us-west-2.logs", "logs", False),
        ("cn.com.amazonaws.us-east-1.ecr.api", "ecr.api", True),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-0123", "vpce-svc-0123", False),
        ("com.amazonaws.iam", "iam", False),
    ],
)
def test_endpoints_are_found_by_the_services_exact_name(
    service_name: str, service: str, found: bool
) -> None:
    """A service name is parsed: neither a part of it nor another Region's counts."""
    logs = endpoint(service_name)

    assert endpoints_for(vpc_of(endpoints=(logs,)), service) == ((logs,) if found else ())


@pytest.mark.parametrize(
    ("state", "exists", "serves"),
    [
        ("available", True, True),
        ("pending", True, True),
        ("pendingacceptance", True, True),
        ("partial", True, True),
        ("deleting", False, False),
        ("deleted", False, False),
        ("failed", True, False),
        ("rejected", True, False),
        ("expired", True, False),
    ],
)
def test_an_endpoint_exists_until_deleted_and_serves_until_beyond_repair(
    state: str, exists: bool, serves: bool
) -> None:
    """One notion for everybody: deleted, beyond repair, or there."""
    logs = endpoint(state=state)
    snapshot = vpc_of(endpoints=(logs,))

    assert bool(endpoints_for(snapshot, "logs")) is serves
    assert bool(endpoints_for(snapshot, "logs", beyond_repair=True)) is exists
    assert [each for each, _ in aws_endpoints(snapshot)] == ([logs] if exists else [])
    assert is_beyond_repair(logs) is (exists and not serves)


@pytest.mark.parametrize(
    ("type_", "found"),
    [
        (EndpointType.INTERFACE, True),
        (EndpointType.GATEWAY, True),
        (EndpointType.OTHER, False),
    ],
)
def test_only_interface_and_gateway_endpoints_carry(type_: EndpointType, found: bool) -> None:
    """A gateway load balancer's endpoint of that name serves nobody, unless it is asked for."""
    logs = endpoint(type_=type_)
    snapshot = vpc_of(endpoints=(logs,))

    assert bool(endpoints_for(snapshot, "logs")) is found
    assert bool(aws_endpoints(snapshot)) is found
    assert endpoints_for(snapshot, "logs", types=(type_,)) == (logs,)


def test_endpoints_come_in_the_order_of_their_ids() -> None:
    """Whatever order AWS lists them in, the same one is first."""
    first, second = endpoint(id_="vpce-1"), endpoint(id_="vpce-2")

    assert endpoints_for(vpc_of(endpoints=(second, first)), "logs") == (first, second)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("com.amazonaws.us-east-1.s3express", "com.amazonaws.us-east-1.s3"), 1),
        (("com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3express"), None),
        (("com.amazonaws.us-west-2.s3",), None),
        (("my.s3",), None),
        ((), None),
    ],
)
def test_s3_prefix_list_is_found_by_its_exact_name(
    names: tuple[str, ...], expected: int | None
) -> None:
    """The Region's S3 list is none of another service, Region or owner."""
    lists = tuple(PrefixList(id=f"pl-{i}", name=name, cidrs=()) for i, name in enumerate(names))

    found = s3_prefix_list(vpc_of(prefix_lists=lists))

    assert found == (None if expected is None else lists[expected])
    assert s3_prefix_list(vpc_of(prefix_lists=None)) is None
