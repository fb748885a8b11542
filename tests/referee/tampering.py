"""What may be wrong with groups, ACLs and routes: single rules, and lists of them gone astray."""

from ipaddress import IPv4Network
from typing import TypeVar

from hypothesis import strategies as st

from pytest_ecs_privatelink.topology.model import AclEntry, GroupRule, Route, RouteTarget

T = TypeVar("T")
Draw = st.DrawFn

_PORTS = st.sampled_from(
    [(443, 443), (443, 443), (0, 65535), (0, 442), (400, 500), (444, 65535), (80, 80), (53, 53)]
)
_ACL_PORTS = st.sampled_from(
    [
        *((443, 443), (0, 65535), (1024, 65535), (32768, 60999), (32768, 65535), (80, 443)),
        *((49152, 65535), (1024, 40000), (1024, 32767), (40000, 40000), (0, 1023)),
    ]
)


def one_in(many: int) -> st.SearchStrategy[bool]:
    """Draw True once in ``many`` times."""
    return st.integers(0, many - 1).map(lambda number: number == many - 1)


@st.composite
def tampered(draw: Draw, healthy: tuple[T, ...], items: st.SearchStrategy[T]) -> tuple[T, ...]:
    """Draw ``healthy`` as it is, with an item less, another or one more, or something else."""
    how = draw(st.integers(0, 9))
    if how < 5:
        return healthy
    at = draw(st.integers(0, max(0, len(healthy) - 1)))
    rest = (*healthy[:at], *healthy[at + 1 :])
    if how == 5:
        return rest
    if how == 6:
        return (*rest, draw(items))
    if how < 9:
        return (*healthy, *draw(st.lists(items, min_size=1, max_size=2)))
    return tuple(draw(st.lists(items, max_size=4)))


def parts_of(cidrs: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Draw one of ``cidrs``, or a part of one."""

    def part(cidr: str) -> st.SearchStrategy[str]:
        network = IPv4Network(cidr)
        if network.prefixlen < 15:
            return st.just(cidr)
        halves = [str(each) for each in network.subnets(1)]
        quarter = str(next(network.subnets(2)))
        lone = f"{network[min(254, network.num_addresses - 2)]}/32"
        return st.sampled_from([*[cidr] * 4, *halves, quarter, lone])

    return st.sampled_from(cidrs).flatmap(part)


@st.composite
def group_rules(
    draw: Draw, groups: tuple[str, ...], cidrs: tuple[str, ...], lists: tuple[str, ...]
) -> GroupRule:
    """Draw one rule of a security group."""
    protocol = draw(st.sampled_from(["tcp", "tcp", "tcp", "-1", "6", "udp", "icmp"]))
    first, last = (None, None) if protocol in ("-1", "icmp") else draw(_PORTS)
    peer = draw(
        st.one_of(
            parts_of(("0.0.0.0/0", *cidrs)).map(lambda each: {"cidr": each}),
            st.sampled_from(groups).map(lambda each: {"group": each}),
            st.sampled_from(lists).map(lambda each: {"prefix_list": each}),
            st.sampled_from([{"cidr": "::/0"}, {"group": "sg-gone"}, {"prefix_list": "pl-gone"}]),
        )
    )
    return GroupRule(protocol=protocol, from_port=first, to_port=last, **peer)


@st.composite
def acl_entries(draw: Draw, cidrs: tuple[str, ...]) -> AclEntry:
    """Draw an entry; its number says only what it stands before."""
    protocol = draw(st.sampled_from(["6", "6", "6", "-1", "17"]))
    first, last = (None, None) if protocol == "-1" else draw(_ACL_PORTS)
    return AclEntry(
        number=draw(st.sampled_from([50, 60, 150])),
        egress=draw(st.booleans()),
        allow=draw(st.sampled_from([False, False, True])),
        protocol=protocol,
        cidr=draw(parts_of(cidrs)),
        from_port=first,
        to_port=last,
    )


def routes(s3: tuple[str, ...], hub: str) -> st.SearchStrategy[Route]:
    """Draw a route: a way out, one that shadows a part of S3, one into the VPC or to a hub."""
    destinations = st.sampled_from(
        [*["0.0.0.0/0"] * 6, hub, *s3, "52.216.0.0/16", "0.0.0.0/1", "52.0.0.0/8"]
    )
    targets = st.sampled_from(
        [
            *[(RouteTarget.NAT_GATEWAY, "nat-1")] * 4,
            *[(RouteTarget.INTERNET_GATEWAY, "igw-1")] * 2,
            (RouteTarget.TRANSIT_GATEWAY, "tgw-1"),
            (RouteTarget.NAT_GATEWAY, "nat-gone"),
            (RouteTarget.INSTANCE_OR_INTERFACE, "eni-appliance"),
        ]
    )
    return st.builds(
        lambda destination, target, active: Route(
            destination=destination, target=target[0], target_id=target[1], active=active
        ),
        destinations,
        targets,
        st.sampled_from([True, True, True, True, False]),
    )
