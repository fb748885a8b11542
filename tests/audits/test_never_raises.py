"""Whatever stands in a snapshot, audits say something well-formed, or nothing; they never raise."""

from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_snapshots import odd_snapshots

from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import PROBED_CLAIMS, Basis, Cell, LaunchType, task_cell


def planned(snapshot: Snapshot, kinds: tuple[LaunchType, ...], *, private: bool) -> Plan:
    """Return the plan of a run over all subnets."""
    asked = Settings(
        lab=True,
        subnets=tuple(each.id for each in snapshot.subnets),
        launch_types=kinds,
        require_private=private,
    )
    return make_plan(asked, snapshot, basis=Basis.PROBED, ca_file=None)


@given(
    snapshot=odd_snapshots(),
    kinds=st.sampled_from([(), (LaunchType.EC2,), tuple(LaunchType)]),
    private=st.booleans(),
)
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)
def test_what_audits_say_is_well_formed(
    snapshot: Snapshot, kinds: tuple[LaunchType, ...], private: bool
) -> None:
    """Findings are complete and told apart, name cells under test only, and do not change."""
    plan = planned(snapshot, kinds, private=private)

    cells = {
        Cell(claim, subnet.id, each.service)
        for claim in PROBED_CLAIMS
        for subnet in plan.selection.subnets
        for each in plan.terms.services
        if plan.carries(claim, each.service)
    } | {task_cell(*each) for each in plan.started}
    for each in plan.findings:
        texts = (each.subject, each.summary, each.expected, each.observed)
        assert all(text.strip() for text in texts), each
        assert "\n" not in each.summary
        assert each.reference.startswith("https://")
        assert cells.issuperset(each.blocks), each
        assert len(set(each.blocks)) == len(each.blocks), each
    found = {(each.code, each.subject) for each in plan.findings}
    blind = Counter((each.code, each.subject) for each in plan.unseen)
    assert len(set(plan.findings)) == len(plan.findings)
    assert not found.intersection(blind)
    assert all(times == 1 for times in blind.values()), blind
    again = planned(replace(snapshot), kinds, private=private)
    assert (again.findings, again.unseen) == (plan.findings, plan.unseen)
