"""Random hosted zones: they lead to a hub, to this VPC's endpoints, astray, or nowhere."""

from hypothesis import strategies as st
from random_endpoints import SERVICES
from referee_ids import ACCOUNT, REGION
from tampering import Draw, one_in

from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.topology.model import Endpoint, HostedZone, ZoneRecord


@st.composite
def hosted_zones(draw: Draw, made: tuple[Endpoint, ...]) -> tuple[HostedZone, ...]:
    """Draw zones for the names of a few services; mostly there are none at all."""
    if not draw(one_in(4)):
        return ()
    services = draw(st.lists(st.sampled_from(SERVICES), min_size=1, max_size=2, unique=True))
    return tuple(draw(_zone(service, made)) for service in services)


@st.composite
def _zone(draw: Draw, service: str, made: tuple[Endpoint, ...]) -> HostedZone:
    (name,) = host_names(service, REGION, (ACCOUNT,))
    registry = service == "ecr.dkr"
    apex = name.partition(".")[2] if registry else name
    held = draw(st.sampled_from([f"*.{apex}", apex])) if registry else apex
    names = [each.dns_names[0] for each in made if each.service_name.endswith(f".{service}")]
    hub = f"10.200.0.{20 + SERVICES.index(service)}"  # which has an endpoint for each service
    targets = [
        *[ZoneRecord(name=held, type="A", values=(hub,))] * 3,
        *(ZoneRecord(name=held, type="A", alias=each) for each in names),
        *(ZoneRecord(name=held, type="CNAME", values=(each,)) for each in names if registry),
        ZoneRecord(name=f"elsewhere.{apex}", type="A", values=("10.200.0.9",)),
    ]
    records = draw(st.sampled_from([*((each,) for each in targets), ()]))
    return HostedZone(id=f"Z-{service}", name=apex, records=records)
