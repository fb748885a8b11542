"""What a twin cannot show, said in sentences, so that nobody takes its silence for proof."""

from collections.abc import Iterator

from pytest_ecs_privatelink.lab.plan.groups import (
    endpoint_groups,
    unknown_groups,
    worn_by_hosts,
)
from pytest_ecs_privatelink.lab.plan.hub import hub_addresses
from pytest_ecs_privatelink.lab.plan.names import unknown_aliases
from pytest_ecs_privatelink.lab.plan.routes import APPLIANCES
from pytest_ecs_privatelink.lab.twin_plan import PlannedHost
from pytest_ecs_privatelink.topology.lookup import table_of
from pytest_ecs_privatelink.topology.model import Snapshot


def caveats(snapshot: Snapshot, hosts: tuple[PlannedHost, ...]) -> tuple[str, ...]:
    """Return a sentence for each thing that the twin lacks, or takes for granted."""
    return (
        *_about_groups(snapshot, hosts),
        *_about_parts(snapshot),
        *_about_appliances(snapshot, hosts),
        *_about_names(snapshot),
    )


def _about_groups(snapshot: Snapshot, hosts: tuple[PlannedHost, ...]) -> Iterator[str]:
    worn = {**endpoint_groups(snapshot), **worn_by_hosts(hosts)}
    strangers = unknown_groups(snapshot, worn)
    for group in strangers:
        yield f"{group} is worn, but not in the snapshot: it allows nothing"


def _about_parts(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.hosted_zones is None:
        yield "hosted zones could not be read: the twin's resolver knows none"
    elif any(zone.records is None for zone in snapshot.hosted_zones):
        yield "records of a hosted zone could not be read: the twin answers NXDOMAIN there"
    if any(rule.type == "FORWARD" for rule in snapshot.resolver_rules or ()):
        yield "resolver rules forward names to servers that the twin does not have"
    if snapshot.nat_gateways is None:
        yield "NAT gateways could not be read: none leads out of the twin"
    servers = snapshot.dhcp_options.name_servers if snapshot.dhcp_options else ()
    if servers and "AmazonProvidedDNS" not in servers:
        yield "the twin's hosts ask the VPC resolver, not the DHCP options' name servers"


def _about_appliances(snapshot: Snapshot, hosts: tuple[PlannedHost, ...]) -> Iterator[str]:
    tables = {table_of(snapshot, host.subnet) for host in hosts}
    routes = [route for table in tables if table for route in table.routes if route.active]
    for appliance in sorted({str(each.target_id) for each in routes if each.target in APPLIANCES}):
        yield f"{appliance} is taken to be an appliance that leads to other networks, not out"


def _about_names(snapshot: Snapshot) -> Iterator[str]:
    for name in unknown_aliases(snapshot):
        yield f"{name} is an alias for something that is not in the snapshot"
    for name, address in hub_addresses(snapshot).items():
        yield f"{name} is taken to be an endpoint that works, in another VPC, at {address}"
