"""Names of a large VPC: hosted zones, of which some shadow, Resolver rules, AWS's offers."""

from worlds import INTERFACE_SERVICES, REGION

from pytest_ecs_privatelink.catalogue.services import private_dns_names, service_name
from pytest_ecs_privatelink.topology.model import (
    EndpointServiceOffer,
    HostedZone,
    ResolverRule,
    ZoneRecord,
)

_RECORDS = 1000


def hosted_zones() -> tuple[HostedZone, ...]:
    """Return a large zone of the company's own, one that leads to a hub, and one that shadows."""
    hosts = tuple(
        ZoneRecord(name=f"host-{n}.corp.example.", type="A", values=(f"172.16.{n % 128}.7",))
        for n in range(_RECORDS)
    )
    hub = ZoneRecord(name=f"sts.{REGION}.amazonaws.com.", type="A", values=("172.16.3.4",))
    lost = ZoneRecord(name=f"kms.{REGION}.amazonaws.com.", type="A", values=("172.31.3.4",))
    return (
        HostedZone(id="Z1", name="corp.example.", records=hosts),
        HostedZone(id="Z2", name=hub.name, records=(hub,)),
        HostedZone(id="Z3", name=lost.name, records=(lost,)),
        HostedZone(id="Z4", name=f"ssm.{REGION}.amazonaws.com.", records=()),
        HostedZone(id="Z5", name=f"dkr.ecr.{REGION}.amazonaws.com.", records=()),
    )


def rules_of_resolver() -> tuple[ResolverRule, ...]:
    """Return some that forward, one of them a name of AWS."""
    domains = (f"logs.{REGION}.amazonaws.com.", *(f"site-{n}.example." for n in range(20)))
    return tuple(
        ResolverRule(id=f"rslvr-rr-{n}", domain=domain, type="FORWARD", targets=("172.16.0.53",))
        for n, domain in enumerate(domains)
    )


def offers() -> tuple[EndpointServiceOffer, ...]:
    """Return what AWS offers in the Region, one service not in every zone."""
    return tuple(
        EndpointServiceOffer(
            service_name=service_name(service, REGION),
            types=("Interface",),
            private_dns_names=private_dns_names(service, REGION),
            azs=tuple(f"{REGION}{zone}" for zone in ("abc" if service == "xray" else "abcd")),
            policy_supported=True,
        )
        for service in INTERFACE_SERVICES
    )
