"""What will be dialled once names are resolved: for places that are asked everything at once."""

from collections.abc import Mapping

from pytest_ecs_privatelink.claims.terms import ServiceUnderTest, Terms
from pytest_ecs_privatelink.probes.records import ConnectQuestion

NOT_YET = ""
"""The address of a template: that of the answer takes its place."""


def dialling(name: str, address: str, service: ServiceUnderTest, terms: Terms) -> ConnectQuestion:
    """Return the question whether ``address`` serves ``name`` on 443; the same in all claims."""
    return ConnectQuestion(
        address=address,
        server_name=name,
        ca_file=terms.ca_file,
        timeout=terms.timeout,
        launch_types=service.launch_types,
    )


def foreseen_dials(terms: Terms) -> Mapping[str, ConnectQuestion]:
    """Return by name what claims will ask of each address that the name resolves to."""
    return {
        name: dialling(name, NOT_YET, service, terms)
        for service in terms.services
        for name in service.names
    }
