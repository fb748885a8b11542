"""Live failures in words: the templates of `live` filled with the ids that a group's checks share.

A text is used only where all that it names is known, so no sentence and no command ever carries a
hole or a made-up id.
"""

from collections.abc import Iterable, Mapping
from string import Formatter

from pytest_ecs_privatelink.diagnosis.ground import Ground, ServiceGround
from pytest_ecs_privatelink.diagnosis.live import LIVE
from pytest_ecs_privatelink.verdict import Check, Code, Remedy

_NAMED = 3


def facts_of(ground: Ground, checks: tuple[Check, ...]) -> dict[str, str]:
    """Return what texts about ``checks`` may name; a key is absent where its value is unknown.

    ``endpoint``, ``group`` and ``gateway`` are there where all the checks share that one; plural
    keys hold all of them, as the AWS CLI wants lists. ``public`` stands for endpoint services of
    which none has an endpoint.
    """
    services = [ground.service(each) for each in _distinct(check.service for check in checks)]
    subnets = [ground.subnet(each) for each in _distinct(check.subnet for check in checks)]
    tables = " ".join(_distinct(each.table for each in subnets))
    cidr = subnets[0].cidr if len(subnets) == 1 else ground.cidr
    facts = {
        "vpc": ground.vpc,
        "region": ground.region,
        "services": _listed([each.service for each in services], "endpoint services"),
        "subnets": _listed([each.name for each in subnets], "subnets"),
        "subnet_ids": ",".join(each.id for each in subnets),
        "resolver": _resolver(ground.resolvers),
        "dhcp": ground.dhcp_options,
        "cidr": cidr,
        "acls": " ".join(_distinct(each.acl for each in subnets)),
        "tables": tables,
        **_endpoint_facts(ground, services, tables),
    }
    return {name: value for name, value in facts.items() if value}


def _endpoint_facts(
    ground: Ground, services: list[ServiceGround], tables: str
) -> dict[str, str | None]:
    endpoints = _distinct(each.endpoint for each in services if not each.gateway)
    gateways = _distinct(each.endpoint for each in services if each.gateway)
    groups = _distinct(group for each in services for group in each.groups)
    only_gateway = bool(gateways) and len(services) == 1
    named = _listed([each.service for each in services], "endpoint services")
    return {
        "endpoint": endpoints[0] if len(services) == len(endpoints) == 1 else None,
        "endpoints": " ".join(endpoints),
        "group": groups[0] if len(groups) == 1 else None,
        "groups": " ".join(groups),
        "gateway": gateways[0] if only_gateway else None,
        "gateway_tables": tables if only_gateway else None,
        "public": None if endpoints or gateways else named,
        "public_vpc": None if endpoints or gateways else ground.vpc,
    }


def summary_of(code: Code, facts: Mapping[str, str]) -> str:
    """Return the sentence that says what broke and what to look at next."""
    entry = LIVE[code]
    for case in entry.cases:
        if _known(case, facts):
            return case.format_map(facts)
    return f"{entry.says.format_map(facts)}; look at {entry.next}"


def remedy_of(code: Code, facts: Mapping[str, str]) -> Remedy:
    """Return the commands that show or mend it, with real ids."""
    entry = LIVE[code]
    commands = (f"aws {each} --region {{region}}" for each in entry.cli if _known(each, facts))
    blocks = (each for each in entry.terraform if _known(each, facts))
    return Remedy(
        cli=tuple(each.format_map(facts) for each in commands),
        terraform="\n".join(each.format_map(facts) for each in blocks),
    )


def _known(template: str, facts: Mapping[str, str]) -> bool:
    return all(name is None or name in facts for _, name, _, _ in Formatter().parse(template))


def _distinct(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})


def _listed(names: list[str], plural: str) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} {plural}"


def _resolver(addresses: tuple[str, ...]) -> str:
    if not addresses:
        return "the VPC resolver"
    return (
        f"resolver {addresses[0]}" if len(addresses) == 1 else f"resolvers {', '.join(addresses)}"
    )
