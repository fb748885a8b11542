"""Live failures in words: the templates of `live` filled with the ids that a group's checks share.

A text is used only where all that it names is known, so no sentence and no command ever carries a
hole or a made-up id.
"""

import shlex
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from string import Formatter
from types import MappingProxyType

from pytest_ecs_privatelink.diagnosis.answers import answer_facts, network_facts
from pytest_ecs_privatelink.diagnosis.deaths import death_facts
from pytest_ecs_privatelink.diagnosis.ground import Ground, ServiceGround
from pytest_ecs_privatelink.diagnosis.live import LIVE
from pytest_ecs_privatelink.verdict import Check, Claim, Code, LaunchType, Remedy, Verdict

Reached = Mapping[str, Collection[frozenset[str]]]
"""By subnet id: the security groups, endpoint by endpoint, that let its packets to 443 pass."""

_NAMED = 3
_OWN = "python -m pytest_ecs_privatelink"
_NOTHING: Reached = MappingProxyType({})


def facts_of(
    ground: Ground, checks: tuple[Check, ...], reached: Reached = _NOTHING
) -> dict[str, str]:
    """Return what texts about ``checks`` may name; a key is absent where its value is unknown.

    ``endpoint``, ``group`` and ``gateway`` are there where all the checks share that one; plural
    keys hold all of them, as the AWS CLI wants lists. ``lone_subnet`` lost several endpoint
    services at once, which makes its ``lone_acl`` the first suspect. ``public`` stands for endpoint
    services of which none has an endpoint, ``cleared`` for those whose groups are not to blame,
    ``errand`` for the one image, log group or secret that all are about (``errand_quoted``: as a
    shell wants it), ``agents`` and ``instances`` for the container instances; what it was answered,
    `answers.answer_facts` tells, and what a task died of `deaths.death_facts`. One break is what
    all ``checks`` share, so groups that ``reached`` shows to be open to these subnets are not
    named.
    """
    services = [ground.service(each) for each in _distinct(check.service for check in checks)]
    found = (ground.subnet(each) for each in _distinct(check.subnet for check in checks))
    subnets = sorted(found, key=lambda each: each.name)
    passed = {groups for each in subnets for groups in reached.get(each.id, ())}
    tables = " ".join(_distinct(each.table for each in subnets))
    errands = _distinct(each.subject for each in checks)
    errand = errands[0] if len(errands) == 1 else None
    lone = len(subnets) == 1 and len(services) > 1
    facts: dict[str, str | None] = {
        "vpc": ground.vpc,
        "region": ground.region,
        "errand": errand,
        "errand_quoted": shlex.quote(errand) if errand else None,
        **_instance_facts(errands),
        "services": _listed([each.service for each in services]),
        "subnets": _listed([each.name for each in subnets], "subnets"),
        "resolver": _resolver(ground.resolvers),
        "dhcp": ground.dhcp_options,
        "task_groups": " ".join(_worn(ground, checks)),
        "cidr": subnets[0].cidr if len(subnets) == 1 else ground.cidr,
        "lone_subnet": subnets[0].name if lone else None,
        "lone_acl": subnets[0].acl if lone else None,
        "acls": " ".join(_distinct(each.acl for each in subnets)),
        "tables": tables,
        **_endpoint_facts(ground, services, tables),
        **_group_facts(services, passed),
        **answer_facts(checks, errand, ground.account),
        **death_facts(checks, ground.cidr),
    }
    facts |= network_facts(facts)
    if facts["cleared"]:
        facts["task_groups"] = None
    if lone or (passed and not facts["gateway"]):
        facts["acls"] = None
    return {name: value for name, value in facts.items() if value}


def reached_groups(ground: Ground, run: Iterable[Check]) -> Reached:
    """Return the groups of each interface endpoint that ``run`` reached on 443, by subnet id."""
    reached: dict[str, set[frozenset[str]]] = defaultdict(set)
    passed = (each for each in run if each.verdict is Verdict.PASSED)
    for check in passed:
        groups = ground.service(check.service or "").groups
        if check.claim is Claim.TCP_443 and check.subnet and groups:
            reached[check.subnet].add(frozenset(groups))
    return reached


def _worn(ground: Ground, checks: Iterable[Check]) -> list[str]:
    """Return the groups that packets of the launch types of ``checks`` leave with."""
    kinds = {kind for check in checks for kind in check.launch_types} or set(LaunchType)
    return _distinct(group for kind in kinds for group in ground.wearers.get(kind) or ())


def _group_facts(
    services: list[ServiceGround], passed: set[frozenset[str]]
) -> dict[str, str | None]:
    # Groups only allow: what passed some of an endpoint's groups passes all of them.
    cleared = [each for each in services if any(groups <= set(each.groups) for groups in passed)]
    names = {each.service for each in cleared}
    accused = (each for each in services if each.service not in names)
    suspects = _distinct(group for each in accused for group in each.groups)
    return {
        "group": suspects[0] if len(suspects) == 1 else None,
        "groups": " ".join(suspects),
        "cleared": _listed([each.service for each in cleared]) if cleared == services else None,
    }


def _instance_facts(subjects: list[str]) -> dict[str, str | None]:
    """Return the container instances that the checks are about, for people and for the CLI."""
    found = _distinct(each for subject in subjects for each in subject.split(", "))
    instances = [each for each in found if each.startswith("i-")]
    return {"agents": _listed(instances, "instances"), "instances": " ".join(instances)}


def _endpoint_facts(
    ground: Ground, services: list[ServiceGround], tables: str
) -> dict[str, str | None]:
    endpoints = _distinct(each.endpoint for each in services if not each.gateway)
    gateways = _distinct(each.endpoint for each in services if each.gateway)
    only_gateway = bool(gateways) and len(services) == 1
    none = not endpoints and not gateways
    return {
        "endpoint": endpoints[0] if len(services) == len(endpoints) == 1 else None,
        "endpoints": " ".join(endpoints),
        "gateway": gateways[0] if only_gateway else None,
        "gateway_tables": tables if only_gateway else None,
        "public": _listed([each.service for each in services]) if none else None,
        "public_vpc": ground.vpc if none else None,
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
    commands = [f"aws {each} --region {{region}}" for each in entry.cli if _known(each, facts)]
    commands += [f"{_OWN} {each}" for each in entry.own if _known(each, facts)]
    blocks = (each for each in entry.terraform if _known(each, facts))
    return Remedy(
        cli=tuple(each.format_map(facts) for each in commands),
        terraform="\n".join(each.format_map(facts) for each in blocks),
    )


def _known(template: str, facts: Mapping[str, str]) -> bool:
    return all(name is None or name in facts for _, name, _, _ in Formatter().parse(template))


def _distinct(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})


def _listed(names: list[str], plural: str = "endpoint services") -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} {plural}"


def _resolver(addresses: tuple[str, ...]) -> str:
    if not addresses:
        return "the VPC resolver"
    return (
        f"resolver {addresses[0]}" if len(addresses) == 1 else f"resolvers {', '.join(addresses)}"
    )
