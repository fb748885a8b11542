"""What a set of security groups admits agrees with what single packets are told."""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from snapshot_builders import vpc_of

from pytest_ecs_privatelink.topology.admission import admitted_in, admitted_out
from pytest_ecs_privatelink.topology.model import GroupRule, PrefixList, SecurityGroup

LISTS = (PrefixList(id="pl-1", name="own", cidrs=("52.216.0.0/15", "2001:db8::/32")),)
VPC = vpc_of(prefix_lists=LISTS)
ADDRESSES = ("10.0.0.7", "10.0.0.200", "10.9.9.9", "52.216.3.4", "192.0.2.1")
PEERS = (
    *({"cidr": cidr} for cidr in ("0.0.0.0/0", "10.0.0.0/25", "10.0.0.200/32", "::/0")),
    *({"group": id_} for id_ in ("sg-1", "sg-2", "sg-3")),
    *({"prefix_list": id_} for id_ in ("pl-1", "pl-unread")),
)
PROTOCOLS = {"-1": True, "6": True, "TCP": True, "udp": False, "1": False, "nonsense": False}
PORT = st.none() | st.sampled_from((0, 442, 443, 444, 65535))
RULES = st.lists(
    st.builds(
        lambda protocol, first, last, peer: GroupRule(
            protocol=protocol, from_port=first, to_port=last, **peer
        ),
        st.sampled_from(list(PROTOCOLS)),
        PORT,
        PORT,
        st.sampled_from(PEERS),
    ),
    max_size=5,
)
GROUPS = st.lists(
    st.builds(lambda rules: group(*rules), RULES),
    max_size=3,
)


def group(*rules: GroupRule) -> SecurityGroup:
    """Return a group with these rules inbound, and none outbound."""
    return SecurityGroup(id="sg-1", vpc="vpc-1", name="x", ingress=rules, egress=())


def about_443(rule: GroupRule) -> bool:
    """Return whether a rule is about TCP 443, by the book."""
    if rule.protocol == "-1" or rule.from_port is None or rule.to_port is None:
        return PROTOCOLS[rule.protocol]
    return PROTOCOLS[rule.protocol] and rule.from_port <= 443 <= rule.to_port


def matches(rule: GroupRule, address: str) -> bool:
    """Return whether a rule's CIDR or prefix list holds ``address``."""
    cidrs = (rule.cidr,) if rule.cidr else LISTS[0].cidrs if rule.prefix_list == "pl-1" else ()
    return any(ip_address(address) in ip_network(cidr) for cidr in cidrs)


@given(GROUPS, st.sampled_from(ADDRESSES))
def test_an_address_is_admitted_if_any_rule_of_any_group_admits_it(
    groups: list[SecurityGroup], address: str
) -> None:
    """Groups only allow, and all rules count together."""
    admission = admitted_in(VPC, groups)
    telling = [rule for each in groups for rule in each.ingress if about_443(rule)]
    assert (address in admission.ranges) is any(matches(rule, address) for rule in telling)
    assert admission.groups == {rule.group for rule in telling if rule.group}
    assert admission.lists == {rule.prefix_list for rule in telling if rule.prefix_list}
    assert set(admission.unread) == admission.lists - {"pl-1"}
    assert not admitted_out(VPC, groups).ranges


def test_who_wears_a_named_group_is_admitted_and_who_is_unknown_is_not() -> None:
    """A group may name itself: then its wearers reach each other."""
    admission = admitted_in(VPC, [group(GroupRule(protocol="-1", group="sg-1"))])
    assert admission.names_any(("sg-9", "sg-1"))
    assert not admission.names_any(("sg-9",))
    assert not admission.names_any(None)
