"""Network ACLs: what they deny, by which rule, as the VPC User Guide says of single packets."""

from ipaddress import IPv4Address, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.topology.acls import Denial, denials
from pytest_ecs_privatelink.topology.model import AclEntry, NetworkAcl
from pytest_ecs_privatelink.topology.ranges import Ranges

EVERYBODY = Ranges.everything()
PROTOCOLS = {"-1": True, "6": True, "tcp": True, "17": False, "58": False, "nonsense": False}
CIDRS = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/25", "10.0.0.128/25", "10.0.0.7/32", "::/0")
PORTS = st.integers(0, 12)
ENTRIES = st.lists(
    st.builds(
        AclEntry,
        number=st.integers(1, 30),
        egress=st.booleans(),
        allow=st.booleans(),
        protocol=st.sampled_from(list(PROTOCOLS)),
        cidr=st.sampled_from(CIDRS),
        from_port=st.none() | PORTS,
        to_port=st.none() | PORTS,
    ),
    max_size=8,
    unique_by=lambda entry: (entry.egress, entry.number),
).map(tuple)


def acl(*entries: AclEntry) -> NetworkAcl:
    """Return an ACL of these entries."""
    return NetworkAcl(id="acl-1", entries=entries)


def entry(number: int, *, allow: bool, cidr: str = "0.0.0.0/0", **ports: int) -> AclEntry:
    """Return an outbound entry for TCP."""
    return AclEntry(number=number, egress=True, allow=allow, protocol="6", cidr=cidr, **ports)


def decider(
    entries: tuple[AclEntry, ...], address: str, port: int, egress: bool
) -> tuple[int | None, bool]:
    """Return the rule that decides about one packet, and whether it allows: packet by packet."""
    for each in sorted(entries, key=lambda entry: entry.number):
        if each.egress is not egress or not PROTOCOLS[each.protocol]:
            continue
        if ip_address(address) not in ip_network(each.cidr):
            continue
        every = each.protocol == "-1" or each.from_port is None or each.to_port is None
        if every or (each.from_port or 0) <= port <= (each.to_port or 0):
            return each.number, each.allow
    return None, False


@given(
    ENTRIES,
    st.booleans(),
    st.sampled_from(("10.0.0.7", "10.0.0.9", "10.0.0.200", "10.9.9.9", "192.0.2.1")),
    st.tuples(PORTS, PORTS).map(sorted),
)
def test_a_denial_is_what_the_first_matching_rule_says(
    entries: tuple[AclEntry, ...], egress: bool, address: str, ports: list[int]
) -> None:
    """For each address, the rules that deny it some port are those that decide so."""
    first, last = ports
    found = denials(acl(*entries), (first, last), egress=egress)
    told = {denial.rule for denial in found if address in denial.addresses}
    decided = [decider(entries, address, port, egress) for port in range(first, last + 1)]
    assert told == {rule for rule, allowed in decided if not allowed}
    denied = {port for each in found for low, high in each.ports for port in range(low, high + 1)}
    assert denied <= set(range(first, last + 1))


def test_an_empty_acl_denies_everything_by_its_last_rule() -> None:
    """What no rule matches the rule ``*`` denies."""
    assert denials(acl(), (443, 443), egress=True) == (Denial(None, EVERYBODY, ((443, 443),)),)


def test_lower_numbers_win() -> None:
    """An allow before a deny decides, and the other way round, whatever their order in the list."""
    late = entry(200, allow=False, from_port=443, to_port=443)
    early = entry(100, allow=True)
    assert denials(acl(late, early), (443, 443), egress=True) == ()
    (denial,) = denials(acl(early, entry(99, allow=False)), (443, 443), egress=True)
    assert denial.rule == 99


def test_a_hole_among_return_ports_is_named() -> None:
    """The ports that a rule denies are told apart from those that it spares."""
    hole = entry(90, allow=False, from_port=40000, to_port=40999)
    (denial,) = denials(acl(hole, entry(100, allow=True)), (32768, 60999), egress=True)
    assert (denial.rule, denial.ports) == (90, ((40000, 40999),))


def test_only_the_addresses_that_a_rule_matches_are_denied() -> None:
    """A deny for a part leaves the rest to later rules."""
    some = entry(90, allow=False, cidr="10.0.0.0/25")
    (denial,) = denials(acl(some, entry(100, allow=True)), (443, 443), egress=True)
    assert denial.addresses.cidrs() == ("10.0.0.0/25",)
    assert str(IPv4Address(denial.addresses.spans[0][0])) == "10.0.0.0"
