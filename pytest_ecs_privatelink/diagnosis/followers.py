"""Checks that went as another one did: what explains that one explains them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.chains import CHAINS, link_of
from pytest_ecs_privatelink.claims.task_start import ends_of
from pytest_ecs_privatelink.verdict import (
    CALLING_CLAIMS,
    CHAIN_CLAIMS,
    PATH_CLAIMS,
    PROBED_CLAIMS,
    Check,
    Claim,
    Code,
    Verdict,
)

_BROKEN = frozenset(
    {
        Code.ECR_AUTH,
        Code.ECR_MANIFEST,
        Code.ECR_LAYER,
        Code.ECR_LAYER_PATH,
        Code.LOGS_UNREACHABLE,
        Code.SECRET_UNREACHABLE,
        Code.AGENT_PUBLIC_PATH,
    }
)
"""Codes of a chain that ended on its way to a service, or took the wrong one."""

_Place = tuple[str | None, str]


def leaders(cells: Iterable[Check]) -> dict[str, str]:
    """Return, by id of each check of a chain that a path ended, the id of that path's check.

    So for tasks. One break then stays one cause, however many chains go that way. A chain follows
    only what went as badly: a way that is merely public did not break what failed on it.
    """
    checks = tuple(cells)
    paths: dict[_Place, list[Check]] = defaultdict(list)
    for check in checks:
        if check.claim in PATH_CLAIMS and check.service and check.code:
            paths[check.subnet, check.service].append(check)
    led = {
        check.id: leader.id
        for check in checks
        if check.claim in CALLING_CLAIMS and (leader := _leader(check, paths)) is not None
    }
    return {**led, **_tasks_led(checks, led)}


def _tasks_led(checks: Iterable[Check], led: Mapping[str, str]) -> dict[str, str]:
    """Return, by id of each check of a task that went as another one did, the id of that one.

    A task follows the path to where it ended, else the chain that ended there as well.
    """
    ends: dict[tuple[object, ...], list[Check]] = defaultdict(list)
    for each in map(at_link, checks):
        if each.claim in (*PATH_CLAIMS, *CHAIN_CLAIMS) and each.service and each.code:
            ends[each.subnet, each.service, each.verdict].append(each)
    found = {}
    for check in checks:
        if check.claim is Claim.TASK_START and check.code:
            places = ((check.subnet, each, check.verdict) for each in ends_of(check))
            alike = next((ends[each] for each in places if each in ends), ())
            near = [each for each in alike if {*check.launch_types} & {*each.launch_types}]
            first = min(near, key=lambda each: PROBED_CLAIMS.index(each.claim), default=None)
            if first is not None:
                found[check.id] = led.get(first.id, first.id)
    return found


def _leader(check: Check, paths: Mapping[_Place, list[Check]]) -> Check | None:
    if check.service is None or check.code is None:
        return None
    through = CHAINS.get((check.claim, check.service), ())
    alike = check.code not in _BROKEN
    services = through if alike else (link_of(check.claim, check.service, check.code),)
    found = [
        path
        for service in services
        for path in paths.get((check.subnet, service), ())
        if path.verdict is check.verdict and (path.code is check.code or not alike)
    ]
    return min(found, key=lambda path: PATH_CLAIMS.index(path.claim), default=None)


def followers(cells: Iterable[Check], led: Mapping[str, str]) -> dict[str, list[str]]:
    """Return, by check id, the ids of those that went as it did.

    Besides those of `leaders`, these are skipped ones: ``private-dns`` failed, nothing was dialled.
    """
    checks = tuple(cells)
    failed: dict[tuple[object, ...], str] = {
        (check.subnet, check.service, check.code): check.id
        for check in checks
        if check.claim is Claim.PRIVATE_DNS and check.verdict is Verdict.FAILED and check.code
    }
    found: dict[str, list[str]] = defaultdict(list)
    for check in checks:
        leader = failed.get((check.subnet, check.service, check.code))
        if check.verdict is Verdict.SKIPPED and leader is not None:
            found[leader].append(check.id)
        elif check.id in led:
            found[led[check.id]].append(check.id)
    return found


def at_link(check: Check) -> Check:
    """Return the check of a chain or task as one of the endpoint service at which it ended."""
    if check.claim is Claim.TASK_START:
        return replace(check, service=next(iter(ends_of(check)), None), subject=None)
    if check.service is None:
        return check
    return replace(check, service=link_of(check.claim, check.service, check.code))
