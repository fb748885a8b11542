"""Which tests run, for which subnets and endpoint services, and which cells that selects."""

from collections.abc import Iterable, Sequence
from typing import Literal

import pytest

from pytest_ecs_privatelink.audits.register import audited_codes
from pytest_ecs_privatelink.claims.terms import ServiceUnderTest
from pytest_ecs_privatelink.plugin import fixtures
from pytest_ecs_privatelink.plugin.bundled import scenarios_folder
from pytest_ecs_privatelink.plugin.markers import CLAIM, ENDPOINT, LAUNCH_TYPE, SUBNET
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.share import PART
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.topology.selection import slugs
from pytest_ecs_privatelink.verdict import PROBED_CLAIMS, Cell, Claim, LaunchType

_SEAMS = ("ecs_resolver_addresses", "ecs_ca_bundle")
_PLACES = {Claim.TASK_START: ("ecs_task", "ecs_launch_type")}
"""What tests request to get a check, and what says where in a subnet it is; else `ecs_check`."""


class Selecting:
    """Hooks that parametrise, narrow and deselect, alike in every process of a run."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that requests our parametrising fixtures for each of its values."""
        plan = metafunc.config.stash[PART].plan
        if "ecs_launch_type" in metafunc.fixturenames:
            _parametrize_tasks(metafunc, plan)
        elif "ecs_subnet" in metafunc.fixturenames:
            values = [each.id for each in _subnets(metafunc.definition, plan)]
            labels = [plan.terms.slugs[value] for value in values]
            _parametrize(metafunc, "ecs_subnet", values, labels)
        if "ecs_endpoint" in metafunc.fixturenames:
            services = [each.service for each in _services(metafunc.definition, plan)]
            _parametrize(metafunc, "ecs_endpoint", services, services)
        if "ecs_audit" in metafunc.fixturenames:
            codes = [str(code) for code in audited_codes()]
            metafunc.parametrize("ecs_audit", codes, ids=codes, indirect=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Deselect tests of claims that ``--ecs-claims``, or the run itself, leaves out."""
        plan = config.stash[PART].plan
        chosen = set(plan.settings.claims) - plan.unproven.keys()
        left_out = [
            item for item in items if not _claims(item) <= chosen or _starts_no_task(item, plan)
        ]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Hand the selected cells to the broker, so that all of them start at once."""
        link = session.config.stash[PART].link
        if link is None or session.config.option.collectonly:
            return
        cells = tuple(cell for item in session.items if (cell := cell_of(item)) is not None)
        link.select(cells, held=any(_overrides_a_seam(item) for item in session.items))


def cell_of(item: pytest.Item) -> Cell | None:
    """Return the cell that ``item`` proves, None where it proves none."""
    callspec = getattr(item, "callspec", None)
    claims = _claims(item) & set(PROBED_CLAIMS)
    if callspec is None or len(claims) != 1:
        return None
    (claim,) = claims
    fixture, place = _PLACES.get(claim, ("ecs_check", "ecs_endpoint"))
    if fixture not in item.fixturenames:  # type: ignore[attr-defined]  # pytest.Function
        return None
    subnet, at = (callspec.params.get(name) for name in ("ecs_subnet", place))
    return None if subnet is None or at is None else Cell(claim, subnet, str(at))


def _claims(item: pytest.Item) -> set[Claim]:
    return {Claim(name) for names in CLAIM.values(item) for name in names}


def _parametrize_tasks(metafunc: pytest.Metafunc, plan: Plan) -> None:
    """Run a test for each task, not for each pair: on EC2 not every subnet has an instance."""
    node = metafunc.definition
    subnets = {each.id for each in _subnets(node, plan)}
    kinds = _launch_types(node)
    tasks = [each for each in plan.started if each[0] in subnets and each[1] in kinds]
    slugs = plan.terms.slugs
    names = "ecs_subnet,ecs_launch_type"
    if "ecs_subnet" not in metafunc.fixturenames:
        kinds_left = list(dict.fromkeys(kind for _, kind in tasks))
        _parametrize(metafunc, "ecs_launch_type", kinds_left, [str(each) for each in kinds_left])
        return
    _parametrize(metafunc, names, tasks, [f"{slugs[subnet]}-{kind}" for subnet, kind in tasks])


def _launch_types(node: pytest.Item) -> list[LaunchType]:
    """Return the launch types that all markers of ``node`` leave."""
    marked = [set(types) for types in LAUNCH_TYPE.values(node)]
    return [each for each in LaunchType if all(each in types for types in marked)]


def _starts_no_task(item: pytest.Item, plan: Plan) -> bool:
    """Return whether ``item`` is about tasks of launch types of which this run starts none."""
    kinds = {kind for _, kind in plan.started}
    return Claim.TASK_START in _claims(item) and kinds.isdisjoint(_launch_types(item))


def _parametrize(
    metafunc: pytest.Metafunc, name: str, values: Sequence[object], ids: list[str]
) -> None:
    if not values:
        reason = f"nothing is left of {name} for this test: its markers name none under test"
        nothing = pytest.param(
            *(None for _ in name.split(",")), marks=pytest.mark.skip(reason=reason)
        )
        metafunc.parametrize(name, [nothing], ids=["none"], indirect=True)
        return
    # pytest groups tests by session-scoped parameters. That spares the bundled scenarios nothing
    # and makes its progress lines jump between their files; a user's fixtures may be dear.
    bundled = scenarios_folder() in metafunc.definition.path.parents
    scope: Literal["function", "session"] = "function" if bundled else "session"
    metafunc.parametrize(name, values, ids=ids, indirect=True, scope=scope)


def _subnets(node: pytest.Item, plan: Plan) -> list[Subnet]:
    known = {**slugs(plan.snapshot.subnets), **plan.terms.slugs}
    subnets = list(plan.terms.subnets)
    for wanted in SUBNET.values(node):
        if unknown := [each for each in wanted if each not in {*known, *known.values()}]:
            text = f"{node.name}: @pytest.mark.ecs_subnet: {plan.snapshot.vpc.id} has no subnet "
            raise pytest.Collector.CollectError(
                text + f"{unknown[0]!r}; it has {_join(known.values())}"
            )
        subnets = [each for each in subnets if {each.id, known[each.id]} & set(wanted)]
    for claim in _claims(node):
        subnets = [each for each in subnets if plan.stands(claim, each.id)]
    return sorted(subnets, key=lambda each: plan.terms.slugs[each.id])


def _services(node: pytest.Item, plan: Plan) -> list[ServiceUnderTest]:
    services = sorted(plan.terms.services, key=lambda each: each.service)
    for wanted in ENDPOINT.values(node):
        services = [each for each in services if each.service in wanted]
    for types in LAUNCH_TYPE.values(node):
        services = [each for each in services if set(types) & set(each.launch_types)]
    for claim in _claims(node):
        services = [each for each in services if plan.carries(claim, each.service)]
    return services


def _join(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))


def _overrides_a_seam(item: pytest.Item) -> bool:
    known = getattr(item, "_fixtureinfo", None)
    if known is None:
        return False
    definitions = (known.name2fixturedefs.get(name, ()) for name in _SEAMS)
    return any(
        definition.func.__module__ != fixtures.__name__
        for chain in definitions
        for definition in chain[-1:]
    )
