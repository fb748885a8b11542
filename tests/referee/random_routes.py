"""Random route tables, the NAT gateway that some of them lead to, and the gateway for S3."""

from hypothesis import strategies as st
from referee_ids import ANYWHERE, HUB, PUBLIC, REGION, S3_GATEWAY, S3_LIST, S3_RANGES
from tampering import Draw, one_in, routes, tampered

from pytest_ecs_privatelink.catalogue.services import service_name
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    NatGateway,
    Peering,
    Route,
    RouteTable,
    RouteTarget,
)

TO_S3 = Route(destination=S3_LIST, target=RouteTarget.GATEWAY_ENDPOINT, target_id=S3_GATEWAY)
OUT = Route(destination=ANYWHERE, target=RouteTarget.INTERNET_GATEWAY, target_id="igw-1")


@st.composite
def tables(draw: Draw, subnets: tuple[str, ...], cidrs: tuple[str, ...]) -> tuple[RouteTable, ...]:
    """Draw the main table, one for some of ``subnets`` (ids), and the NAT gateway's."""
    local = tuple(Route(destination=c, target=RouteTarget.LOCAL, target_id="local") for c in cidrs)
    healthy = () if draw(one_in(10)) else (TO_S3,)
    explicit = subnets[: draw(st.integers(0, len(subnets)))]
    public = RouteTable(
        id="rtb-public", routes=local if draw(one_in(10)) else (*local, OUT), subnets=(PUBLIC,)
    )
    main = RouteTable(id="rtb-main", routes=draw(_routes(local, healthy)), main=True)
    if not explicit:
        return (main, public)
    own = RouteTable(id="rtb-own", routes=draw(_routes(local, healthy)), subnets=explicit)
    return (main, own, public)


@st.composite
def _routes(draw: Draw, local: tuple[Route, ...], healthy: tuple[Route, ...]) -> tuple[Route, ...]:
    """Draw a table's routes; no two have the same destination, as in any table."""
    others = draw(tampered(healthy, routes(S3_RANGES, HUB)))
    return tuple({each.destination: each for each in (*local, *others)}.values())


@st.composite
def nat_gateways(draw: Draw) -> NatGateway:
    """Draw the NAT gateway: public and available, but for now and then."""
    return NatGateway(
        id="nat-1",
        subnet=PUBLIC,
        state="failed" if draw(one_in(10)) else "available",
        public=not draw(one_in(10)),
    )


@st.composite
def transit(draw: Draw) -> Peering:
    """Draw the attachment to a transit gateway, behind which there is nothing."""
    state = draw(st.sampled_from(["available", "available", "failed"]))
    return Peering(id="tgw-1", kind=RouteTarget.TRANSIT_GATEWAY, state=state, cidrs=(HUB,))


@st.composite
def s3_gateways(draw: Draw, routed: tuple[RouteTable, ...]) -> tuple[Endpoint, ...]:
    """Draw the gateway endpoint that routes lead to; where none does, there may be none."""
    associated = tuple(
        table.id for table in routed if any(route == TO_S3 for route in table.routes)
    )
    if not associated and draw(st.booleans()):
        return ()
    return (
        Endpoint(
            id=S3_GATEWAY,
            service_name=service_name("s3", REGION),
            type=EndpointType.GATEWAY,
            state="pending" if draw(one_in(20)) else "available",
            private_dns=False,
            route_tables=associated,
        ),
    )
