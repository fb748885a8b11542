"""Random interface endpoints: in some subnets, with some groups, now and then not in force."""

from hypothesis import strategies as st
from referee_ids import DEFAULT, ENDPOINTS, OTHER, REGION
from tampering import Draw, one_in

from pytest_ecs_privatelink.catalogue.services import private_dns_names, service_name
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Interface, Subnet

Made = tuple[Endpoint, tuple[Interface, ...]]
"""An endpoint and its interfaces."""

SERVICES = ("ecr.api", "ecr.dkr", "logs", "ecs", "ecs-agent", "ecs-telemetry", "secretsmanager")
_STATES = ("pending", "pendingacceptance", "failed", "rejected", "deleting")
_GROUPS = (*[(ENDPOINTS,)] * 12, (), (ENDPOINTS, OTHER), (OTHER,), ("sg-gone",))


@st.composite
def endpoints(
    draw: Draw, subnets: tuple[Subnet, ...], need: tuple[str, ...], *, instances: bool
) -> tuple[Made, ...]:
    """Draw endpoints for most services that are needed; ``instances``: EC2 is among them."""
    wanted = [
        each
        for each in SERVICES
        if (not need or each in need) and (instances or not each.startswith("ecs"))
    ]
    if draw(one_in(8)):
        wanted.append("s3")
    return tuple(
        draw(_endpoint(i, service, subnets))
        for i, service in enumerate(wanted)
        if not draw(one_in(10))
    )


@st.composite
def _endpoint(draw: Draw, number: int, service: str, subnets: tuple[Subnet, ...]) -> Made:
    homes = draw(st.lists(st.sampled_from(subnets), min_size=1, max_size=2, unique=True))
    groups = draw(st.sampled_from(_GROUPS))
    private_dns = not draw(one_in(12))
    domain = f"{service}.{REGION}.vpce.amazonaws.com"
    own = (f"vpce-{number}-x.{domain}", *(f"vpce-{number}-x-{each.az}.{domain}" for each in homes))
    interfaces = tuple(_interface(number, home, groups) for home in homes)
    endpoint = Endpoint(
        id=f"vpce-{number}",
        service_name=service_name(service, REGION),
        type=EndpointType.INTERFACE,
        state=draw(st.sampled_from(_STATES)) if draw(one_in(15)) else "available",
        private_dns=private_dns,
        private_dns_inbound_resolver_only=service == "s3" and private_dns and draw(st.booleans()),
        subnets=tuple(each.id for each in homes),
        groups=groups,
        interfaces=tuple(each.id for each in interfaces),
        dns_names=(*own, *(private_dns_names(service, REGION) if private_dns else ())),
    )
    return endpoint, interfaces


def _interface(number: int, home: Subnet, groups: tuple[str, ...]) -> Interface:
    return Interface(
        id=f"eni-{number}-{home.id}",
        subnet=home.id,
        type="vpc_endpoint",
        addresses=(f"{home.cidr.rpartition('.')[0]}.{10 + number}",),
        groups=groups or (DEFAULT,),
    )
