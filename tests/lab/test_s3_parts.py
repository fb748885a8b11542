"""Where S3 stands in the twin: an address for each part that routes tell apart."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twin_snapshots import healthy

from pytest_ecs_privatelink.lab.plan.s3_parts import s3_addresses
from pytest_ecs_privatelink.topology.fates import fates
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    GroupRule,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
)
from pytest_ecs_privatelink.topology.ranges import Ranges

RANGES = ("3.5.0.0/19", "52.216.0.0/15")
INNER = ("52.217.0.0/16", "52.216.9.0/24", "3.5.0.0/20", "3.5.0.1/32", "52.216.0.0/15")


def routed(*tables: tuple[str, ...]) -> Snapshot:
    """Return a VPC with these destinations, one table each, all to one NAT gateway."""
    made = tuple(
        RouteTable(
            id=f"rtb-{number}",
            routes=tuple(
                Route(destination=each, target=RouteTarget.NAT_GATEWAY, target_id="nat-1")
                for each in destinations
            ),
        )
        for number, destinations in enumerate(tables)
    )
    return replace(healthy(), route_tables=made)


def test_without_shadows_each_range_has_one() -> None:
    """A shorter prefix, IPv6 and a prefix list tell no parts apart."""
    plain = routed(("0.0.0.0/0", "52.0.0.0/8", "::/0", "pl-other"))
    assert s3_addresses(plain, RANGES) == ("3.5.0.1", "52.216.0.1")


def test_a_shadowed_part_has_one_of_its_own() -> None:
    """Otherwise nobody would dial the part that goes elsewhere."""
    assert s3_addresses(routed(("52.217.0.0/16",)), RANGES) == (
        "3.5.0.1",
        "52.217.0.1",
        "52.216.0.1",
    )


def test_a_part_that_a_rule_names_has_one_of_its_own() -> None:
    """An ACL's entry and a group's outbound rule tell parts apart as routes do."""
    entry = AclEntry(number=10, egress=False, allow=False, protocol="6", cidr="3.5.16.0/20")
    rule = GroupRule(protocol="tcp", from_port=443, to_port=443, cidr="52.217.0.0/16")
    group = SecurityGroup(id="sg-1", vpc="vpc-1", name="own", ingress=(), egress=(rule,))
    guarded = replace(
        routed(()), network_acls=(NetworkAcl(id="acl-1", entries=(entry,)),), security_groups=()
    )
    assert s3_addresses(guarded, RANGES) == ("3.5.0.1", "3.5.16.1", "52.216.0.1")
    dressed = replace(guarded, network_acls=(), security_groups=(group,))
    assert s3_addresses(dressed, RANGES) == ("3.5.0.1", "52.216.0.1", "52.217.0.1")


@given(st.lists(st.lists(st.sampled_from(INNER), unique=True).map(tuple), max_size=3))
def test_whatever_a_table_shadows_is_met(tables: list[tuple[str, ...]]) -> None:
    """Each part that the audit sees led away holds one of the addresses."""
    snapshot = routed(*tables)
    addresses = s3_addresses(snapshot, RANGES)

    for table in snapshot.route_tables or ():
        lost = [each for each in fates(snapshot, table, Ranges.of(RANGES)) if each.route]
        for target in {each.route.target_id for each in lost if each.route}:
            parts = [each.part for each in lost if each.route and each.route.target_id == target]
            assert any(address in part for part in parts for address in addresses)
