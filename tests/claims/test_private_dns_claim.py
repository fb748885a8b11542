"""How ``private-dns`` is judged, answer by answer."""

import asyncio
from dataclasses import replace

import pytest
from claim_worlds import (
    HERE,
    HUB,
    LAYERS,
    LOCAL,
    LOGS,
    LOGS_ENDPOINT,
    NAT,
    PREFIX_LIST,
    RESOLVER,
    S3_ENDPOINT,
    S3_ROUTE,
    SUBNET,
    Recorded,
    answers,
    connected,
    snapshot,
    terms,
    view,
)

from pytest_ecs_privatelink.claims import private_dns
from pytest_ecs_privatelink.claims.terms import Terms
from pytest_ecs_privatelink.probes.records import ConnectStatus, DnsStatus
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import PrefixList, Route, RouteTarget, Unreadable
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, Code, Verdict


def prove(given: Terms, vantage: Recorded, service: str = "logs") -> Check:
    """Judge the cell of ``service`` from what ``vantage`` recorded."""
    cell = Cell(Claim.PRIVATE_DNS, SUBNET.id, service)
    return asyncio.run(private_dns.prove(cell, given, HERE, vantage.ask))


def test_an_answer_that_is_the_endpoint_passes() -> None:
    """An interface of the endpoint is right, also in a range outside RFC 1918 (STORIES 22)."""
    vantage = Recorded(answers(LOGS, "20.10.1.10"))
    check = prove(terms(snapshot()), vantage)
    assert (check.verdict, check.code) == (Verdict.PASSED, None)
    assert check.id == "private-dns[private-a-logs]"
    assert check.expected == f"{LOGS} resolves to the interfaces of vpce-logs"
    assert check.observed == f"{LOGS} is 20.10.1.10: this VPC's endpoint"
    assert vantage.dialled == []


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (DnsStatus.NXDOMAIN, Code.DNS_NXDOMAIN, "NXDOMAIN"),
        (DnsStatus.EMPTY, Code.DNS_NXDOMAIN, "no address"),
        (DnsStatus.SERVFAIL, Code.DNS_SERVFAIL, "SERVFAIL"),
        (DnsStatus.REFUSED, Code.DNS_REFUSED, "REFUSED"),
        (DnsStatus.TIMEOUT, Code.DNS_TIMEOUT, "no answer within 2.0 s"),
    ],
)
def test_a_name_without_answer_fails_with_its_code(
    status: DnsStatus, code: Code, words: str
) -> None:
    """Every way of not answering has a code of its own, which the resolver's view names."""
    silent = view(None, LOGS, status=DnsStatus.SERVFAIL) | view(RESOLVER, LOGS, status=status)
    check = prove(terms(snapshot()), Recorded(silent))
    assert (check.verdict, check.code, check.phase) == (Verdict.FAILED, code, "resolve")
    assert check.observed == f"{LOGS}: {words} from resolver {RESOLVER}"


def test_a_resolver_that_could_not_be_asked_is_an_error() -> None:
    """A fault of this machine is "could not look", never a verdict about the network."""
    broken = view(None, LOGS, status=DnsStatus.FAILED) | view(
        RESOLVER, LOGS, status=DnsStatus.FAILED
    )
    check = prove(terms(snapshot()), Recorded(broken))
    assert (check.verdict, check.code) == (Verdict.ERROR, None)
    assert check.reason == f"{LOGS}: resolver {RESOLVER} could not be asked"


@pytest.mark.parametrize("address", ["3.3.3.3", "20.11.0.1", "203.0.113.7", "2600:1f18::1"])
def test_a_public_answer_fails_where_nothing_leads_out(address: str) -> None:
    """Without a way out a public answer is a failure."""
    check = prove(terms(snapshot()), Recorded(answers(LOGS, address)))
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.DNS_PUBLIC_ANSWER)
    assert check.observed == f"{LOGS} is {address}: public"


@pytest.mark.parametrize(
    ("endpoints", "require_private", "verdict"),
    [
        ((S3_ENDPOINT,), False, Verdict.WARNED),
        ((S3_ENDPOINT,), True, Verdict.FAILED),
        ((LOGS_ENDPOINT, S3_ENDPOINT), False, Verdict.FAILED),
    ],
    ids=["no endpoint", "private required", "endpoint claims the name"],
)
def test_a_public_answer_behind_nat(
    endpoints: tuple[object, ...], require_private: bool, verdict: Verdict
) -> None:
    """NAT makes a public answer a warning only where no endpoint claims the name."""
    read = snapshot(NAT, endpoints=endpoints)
    given = terms(read, egress=Egress.NAT, require_private=require_private)
    check = prove(given, Recorded(answers(LOGS, "3.3.3.3")))
    assert (check.verdict, check.code) == (verdict, Code.DNS_PUBLIC_ANSWER)


def test_a_public_answer_is_a_warning_where_the_paths_end_is_not_visible() -> None:
    """Behind a transit gateway only dialling can tell whether a public address is reached."""
    through = Route(destination="0.0.0.0/0", target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1")
    given = terms(snapshot(through, endpoints=()), egress=Egress.TRANSIT)
    check = prove(given, Recorded(answers(LOGS, "3.3.3.3")))
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_PUBLIC_ANSWER)


def test_a_shared_endpoint_beyond_the_transit_gateway_passes() -> None:
    """Hub and spoke is right where the hub's address is routed and proves the name (STORIES 25)."""
    vantage = Recorded(answers(LOGS, "10.9.0.4"), connected("10.9.0.4"))
    check = prove(terms(snapshot(HUB, endpoints=())), vantage)
    assert (check.verdict, check.code) == (Verdict.PASSED, None)
    assert check.observed.endswith("with a valid certificate (shared endpoint)")


def test_a_private_answer_without_certificate_is_foreign() -> None:
    """A routed private address that cannot prove the name is a warning."""
    refused = connected("10.9.0.4", ConnectStatus.CERTIFICATE, detail="expired")
    check = prove(terms(snapshot(HUB, endpoints=())), Recorded(answers(LOGS, "10.9.0.4"), refused))
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_FOREIGN_ANSWER)
    assert check.observed.endswith("without a valid certificate: certificate expired")


@pytest.mark.parametrize("address", ["10.9.0.4", "172.31.0.4", "100.64.0.4", "fd00::4"])
def test_a_private_answer_without_route_is_foreign_and_not_dialled(address: str) -> None:
    """An address that no route leads to is foreign; nothing is sent to it."""
    vantage = Recorded(answers(LOGS, address))
    check = prove(terms(snapshot(endpoints=())), vantage)
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_FOREIGN_ANSWER)
    assert vantage.dialled == []


def test_layers_through_the_gateway_pass() -> None:
    """For s3 the answer must lie in the prefix list that the subnet routes to the gateway."""
    check = prove(terms(snapshot(S3_ROUTE)), Recorded(answers(LAYERS, "52.216.1.1")), "s3")
    assert (check.verdict, check.code) == (Verdict.PASSED, None)
    assert check.observed == f"{LAYERS} is 52.216.1.1: S3 through the gateway endpoint"


@pytest.mark.parametrize(
    ("routes", "egress", "verdict"),
    [((), Egress.NONE, Verdict.FAILED), ((NAT,), Egress.NAT, Verdict.WARNED)],
    ids=["no way out", "nat"],
)
def test_layers_beside_the_gateway(
    routes: tuple[Route, ...], egress: Egress, verdict: Verdict
) -> None:
    """A subnet whose table does not send the prefix list to the gateway is named so."""
    given = terms(snapshot(*routes), egress=egress)
    check = prove(given, Recorded(answers(LAYERS, "52.216.1.1")), "s3")
    assert (check.verdict, check.code) == (verdict, Code.S3_GATEWAY_NO_ROUTE)


def test_a_more_specific_route_takes_layers_off_the_gateway() -> None:
    """The longest prefix wins over the prefix list (FACTS 6.5)."""
    appliance = Route(
        destination="52.216.0.0/16", target=RouteTarget.NAT_GATEWAY, target_id="nat-1"
    )
    given = terms(snapshot(S3_ROUTE, appliance))
    check = prove(given, Recorded(answers(LAYERS, "52.216.1.1")), "s3")
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.S3_GATEWAY_NO_ROUTE)


def test_unread_route_tables_are_never_green() -> None:
    """Where routes could not be read, an S3 answer cannot be judged."""
    check = prove(terms(snapshot(route_tables=None)), Recorded(answers(LAYERS, "52.216.1.1")), "s3")
    assert check.verdict is Verdict.ERROR
    assert check.reason is not None
    assert "route tables could not be read" in check.reason


def test_own_dns_without_forwarding_fails_beside_the_vpc_resolver() -> None:
    """The host's own view decides; that the VPC resolver is right is said with it (R10)."""
    split = view(None, LOGS, "3.3.3.3") | view(RESOLVER, LOGS, "20.10.1.10")
    check = prove(terms(snapshot()), Recorded(split))
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.DNS_PUBLIC_ANSWER)
    assert "though the VPC resolver says: " in check.observed


def test_a_vpc_resolver_that_differs_is_a_warning() -> None:
    """Tasks that live with the VPC resolver may see what this host does not."""
    split = view(None, LOGS, "20.10.1.10") | view(RESOLVER, LOGS, status=DnsStatus.NXDOMAIN)
    check = prove(terms(snapshot()), Recorded(split))
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_RESOLVER_DIFFERS)
    assert check.observed == (
        f"{LOGS} is right for the host (20.10.1.10), but {LOGS}: NXDOMAIN from resolver {RESOLVER}"
    )


def test_one_public_address_among_private_ones_fails() -> None:
    """Every answer counts: one public address among right ones is a failure."""
    mixed = answers(LOGS, "20.10.1.10", "3.3.3.3")
    check = prove(terms(snapshot(LOCAL)), Recorded(mixed))
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.DNS_PUBLIC_ANSWER)


TO_ALL = PrefixList(id="pl-all", name="everything", cidrs=("0.0.0.0/0",))


@pytest.mark.parametrize(
    ("destination", "address"),
    [("128.0.0.0/1", "203.0.113.9"), ("pl-all", "203.0.113.9"), ("::/0", "2600:1f18::9")],
)
def test_a_default_in_disguise_makes_nothing_private(destination: str, address: str) -> None:
    """A split default, or one in a prefix list, leads to public addresses, not to a hub."""
    route = Route(destination=destination, target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1")
    read = snapshot(route, endpoints=(), prefix_lists=(PREFIX_LIST, TO_ALL))
    vantage = Recorded(answers(LOGS, address))
    check = prove(terms(read), vantage)
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.DNS_PUBLIC_ANSWER)
    assert vantage.dialled == []


def test_a_hub_outside_rfc_1918_is_private_by_its_route() -> None:
    """A range of public space that a route of its own keeps inside is a hub's (STORIES 22)."""
    hub = Route(destination="20.11.0.0/16", target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1")
    vantage = Recorded(answers(LOGS, "20.11.0.4"), connected("20.11.0.4"))
    assert prove(terms(snapshot(hub, endpoints=())), vantage).verdict is Verdict.PASSED


@pytest.mark.parametrize("egress", [Egress.APPLIANCE, Egress.VPN, Egress.UNKNOWN, Egress.IGW])
def test_dialling_decides_where_the_way_out_is_not_visible(egress: Egress) -> None:
    """A public answer is a warning wherever something may lead out."""
    given = terms(snapshot(endpoints=()), egress=egress)
    check = prove(given, Recorded(answers(LOGS, "3.3.3.3")))
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_PUBLIC_ANSWER)


def test_peering_leads_nowhere_public() -> None:
    """A peering connection forwards to the peer only."""
    given = terms(snapshot(endpoints=()), egress=Egress.PEERING)
    assert prove(given, Recorded(answers(LOGS, "3.3.3.3"))).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("gateway", "verdict"), [("vpce-logs", Verdict.FAILED), ("vpce-owners", Verdict.PASSED)]
)
def test_the_prefix_list_must_lead_to_s3s_gateway(gateway: str, verdict: Verdict) -> None:
    """Another service's endpoint is none; one that this account cannot see is the owner's."""
    route = Route(destination="pl-s3", target=RouteTarget.GATEWAY_ENDPOINT, target_id=gateway)
    check = prove(terms(snapshot(route)), Recorded(answers(LAYERS, "52.216.1.1")), "s3")
    assert check.verdict is verdict


@pytest.mark.parametrize(
    ("part", "permission", "service", "address"),
    [
        ("interfaces", "ec2:DescribeNetworkInterfaces", "logs", "20.10.1.10"),
        ("prefix_lists", "ec2:DescribePrefixLists", "s3", "52.216.1.1"),
        ("route_tables", "ec2:DescribeRouteTables", "logs", "10.9.0.4"),
    ],
)
def test_what_could_not_be_read_is_an_error_that_names_the_permission(
    part: str, permission: str, service: str, address: str
) -> None:
    """Where the deciding part is missing, the cell is neither red nor green."""
    name = LAYERS if service == "s3" else LOGS
    unreadable = (Unreadable(part=part, permission=permission, error="AccessDenied"),)
    changes: dict[str, None] = {part: None}
    read = snapshot(S3_ROUTE, unreadable=unreadable, **changes)
    check = prove(terms(read), Recorded(answers(name, address)), service)
    assert check.verdict is Verdict.ERROR
    assert check.reason is not None
    assert check.reason.endswith(f"could not be read (missing permission {permission})")


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "64:ff9b::7f00:1"])
def test_a_sinkhole_fails_and_is_not_dialled(address: str) -> None:
    """A name that leads to this machine itself leads nowhere."""
    vantage = Recorded(answers(LOGS, address))
    check = prove(terms(snapshot(NAT), egress=Egress.NAT), vantage)
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.DNS_FOREIGN_ANSWER)
    assert vantage.dialled == []


def test_dns64_is_looked_through() -> None:
    """An IPv6 answer that wraps the endpoint's address is the endpoint (RFC 6052)."""
    vantage = Recorded(answers(LOGS, "64:ff9b::140a:10a"))
    assert prove(terms(snapshot()), vantage).verdict is Verdict.PASSED


def test_an_endpoint_for_inbound_resolvers_claims_no_name() -> None:
    """AWS's hybrid layout: the gateway serves the VPC, the interface only what is outside it."""
    hybrid = replace(
        LOGS_ENDPOINT,
        id="vpce-s3i",
        service_name="com.amazonaws.us-east-1.s3",
        private_dns_inbound_resolver_only=True,
    )
    read = snapshot(NAT, endpoints=(S3_ENDPOINT, hybrid))
    check = prove(terms(read, egress=Egress.NAT), Recorded(answers(LAYERS, "52.216.1.1")), "s3")
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.S3_GATEWAY_NO_ROUTE)


def test_s3_by_interface_alone_is_a_warning() -> None:
    """R5 wants the gateway; that layers come through an interface endpoint is not known."""
    alone = replace(LOGS_ENDPOINT, service_name="com.amazonaws.us-east-1.s3")
    read = snapshot(endpoints=(alone,))
    check = prove(terms(read), Recorded(answers(LAYERS, "20.10.1.10")), "s3")
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.S3_INTERFACE_ONLY)


def test_a_public_answer_is_not_called_right() -> None:
    """Over NAT the host's public answer stays what it is, though the VPC resolver knows a hub."""
    split = view(None, LOGS, "3.3.3.3") | view(RESOLVER, LOGS, "10.9.0.4")
    read = snapshot(HUB, NAT, endpoints=())
    check = prove(terms(read, egress=Egress.NAT), Recorded(split, connected("10.9.0.4")))
    assert (check.verdict, check.code) == (Verdict.WARNED, Code.DNS_PUBLIC_ANSWER)
    assert f"{LOGS} is 3.3.3.3: public, though the VPC resolver says: " in check.observed


def test_a_resolver_that_cannot_be_asked_leaves_the_cell_unproven() -> None:
    """Half of the claim is the VPC resolver's: without it the cell is no proof."""
    split = view(None, LOGS, "20.10.1.10") | view(RESOLVER, LOGS, status=DnsStatus.FAILED)
    check = prove(terms(snapshot()), Recorded(split))
    assert (check.verdict, check.code) == (Verdict.ERROR, None)
    assert check.reason == f"{LOGS}: resolver {RESOLVER} could not be asked"


def test_a_hub_that_could_not_be_dialled_is_an_error() -> None:
    """A fault of this machine says nothing about the hub's certificate."""
    tried = connected("10.9.0.4", ConnectStatus.FAILED, detail="too many files")
    vantage = Recorded(answers(LOGS, "10.9.0.4"), tried)
    check = prove(terms(snapshot(HUB, endpoints=())), vantage)
    assert check.verdict is Verdict.ERROR
    assert check.reason is not None
    assert check.reason.endswith("it could not be tried: too many files")
