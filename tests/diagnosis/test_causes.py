"""Ranking causes: findings first, as few as possible, nothing explained twice."""

import random
from dataclasses import replace
from typing import TypeVar

import red_worlds as world
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.diagnosis.causes import blamed, explained_by, rank_causes
from pytest_ecs_privatelink.diagnosis.cover import Option, cover
from pytest_ecs_privatelink.verdict import Cause, Cell, Check, Code, Finding, Severity, Verdict

TIMEOUT = Code.TCP_TIMEOUT


def names(causes: tuple[Cause, ...]) -> list[tuple[str, str, str]]:
    """Return id, code and subject of each cause."""
    return [(cause.id, str(cause.code), cause.subject) for cause in causes]


def test_a_green_run_has_no_causes() -> None:
    """Where all passed and nothing was found, nothing is to blame."""
    assert rank_causes(world.run_with((), TIMEOUT), (), world.ground()) == ()


def test_one_finding_explains_all_cells_that_it_blocks() -> None:
    """Red cells of one missing endpoint, the skipped ones too, are one cause with its remedy."""
    dns = world.cells([world.DNS], services=["logs"])
    held = world.finding(Code.ENDPOINT_MISSING, "logs", dns)
    checks = (*world.run_with(dns, Code.DNS_PUBLIC_ANSWER), world.audit(held))

    causes = rank_causes(checks, (held,), world.ground())

    assert names(causes) == [("c1", "endpoint-missing", "logs")]
    assert causes[0].remedy.cli == ("aws ec2 mend",)
    assert set(causes[0].explains) == {
        *(
            f"{claim}[{subnet}-logs]"
            for claim in ("private-dns", "tcp-443")
            for subnet in world.SUBNETS
        ),
        "audit[endpoint-missing-logs]",
    }


def test_fewest_findings_win() -> None:
    """Of overlapping findings the one that covers all is the cause, and the part is not."""
    red = world.cells([world.TCP], services=["logs", "ecr.api"])
    whole = world.finding(Code.ENDPOINT_NOT_AVAILABLE, "whole", red)
    part = world.finding(Code.ENDPOINT_MISSING, "part", red[:2])
    checks = (*world.run_with(red, TIMEOUT), world.audit(whole), world.audit(part))

    causes = rank_causes(checks, (part, whole), world.ground())

    assert names(causes) == [("c1", "endpoint-not-available", "whole")]
    assert "audit[endpoint-missing-part]" in causes[0].explains


def test_an_error_comes_before_a_warning_that_covers_more() -> None:
    """An error finding is blamed first, the warning only for what is left."""
    red = world.cells([world.TCP], services=["logs"])
    wide = world.finding(Code.ENDPOINT_MISSING, "wide", red, Severity.WARNING)
    narrow = world.finding(Code.ENDPOINT_WRONG_REGION, "narrow", red[:1])

    causes = rank_causes(world.run_with(red, TIMEOUT), (wide, narrow), world.ground())

    assert names(causes) == [
        ("c1", "endpoint-wrong-region", "narrow"),
        ("c2", "endpoint-missing", "wide"),
    ]
    assert [len(cause.explains) for cause in causes] == [1, 2]


def test_a_finding_that_the_wire_contradicts_is_no_cause() -> None:
    """An error finding whose cells were all probed and passed explains nothing."""
    held = world.finding(Code.ENDPOINT_MISSING, "logs", world.cells(services=["logs"]))
    checks = (*world.run_with((), TIMEOUT), world.audit(held, Verdict.WARNED))
    assert rank_causes(checks, (held,), world.ground()) == ()


def test_an_error_finding_of_an_audit_only_run_is_a_cause() -> None:
    """Without a single probed cell an error finding stands; its audit check is what it explains."""
    held = world.finding(Code.ENDPOINT_MISSING, "logs", world.cells(services=["logs"]))
    causes = rank_causes((world.audit(held),), (held,), world.ground())
    assert names(causes) == [("c1", "endpoint-missing", "logs")]
    assert causes[0].explains == ("audit[endpoint-missing-logs]",)


def test_a_warning_finding_is_a_cause_only_where_its_audit_is_red() -> None:
    """A warning that blocks no red cell is told where its own check warned, else not at all."""
    held = world.finding(Code.ENDPOINT_MISSING, "ssm", (), Severity.WARNING)
    warned = (world.audit(held, Verdict.WARNED),)
    assert names(rank_causes(warned, (held,), world.ground())) == [
        ("c1", "endpoint-missing", "ssm")
    ]
    assert rank_causes((), (held,), world.ground()) == ()


def test_what_no_finding_covers_becomes_a_live_cause_beside_it() -> None:
    """A finding takes its cells, the live code the rest, and the larger one ranks first."""
    logs = world.cells([world.TCP], services=["logs"])
    api = world.cells([world.TCP], subnets=["subnet-a"], services=["ecr.api"])
    held = world.finding(Code.ENDPOINT_NOT_AVAILABLE, "vpce-logs", logs)
    causes = rank_causes(world.run_with((*logs, *api), TIMEOUT), (held,), world.ground())
    assert names(causes) == [
        ("c1", "endpoint-not-available", "vpce-logs"),
        ("c2", "tcp-timeout", "vpce-ecr.api"),
    ]


def test_a_live_cause_of_warned_checks_only_is_a_warning() -> None:
    """A cause is no graver than what it explains."""
    red = world.cells(services=["logs"])
    checks = world.run_with(red, Code.DNS_FOREIGN_ANSWER, Verdict.WARNED)
    (cause,) = rank_causes(checks, (), world.ground())
    assert (cause.severity, len(cause.explains)) == (Severity.WARNING, 6)


def test_a_vantage_with_other_groups_is_told_as_a_cause() -> None:
    """Checks that could not look for the vantage's groups are one warning that says so."""
    red = world.cells([world.TCP], subnets=["subnet-a"])
    checks = world.run_with(red, Code.VANTAGE_GROUP_DIFFERS, Verdict.ERROR)
    (cause,) = rank_causes(checks, (), world.ground())
    assert (cause.code, cause.subject) == (Code.VANTAGE_GROUP_DIFFERS, "subnet-a")
    assert cause.severity is Severity.WARNING


def test_errors_without_a_code_have_no_cause() -> None:
    """A vantage that broke says nothing of the network, so no cause is made up."""
    cell = Cell(world.TCP, "subnet-a", "logs")
    assert rank_causes((world.check(cell, Verdict.ERROR),), (), world.ground()) == ()


def test_blocking_prefers_errors_then_the_widest() -> None:
    """A failing test names the likeliest finding that blocks its cell, and none where none does."""
    cell, *others = world.cells([world.TCP])
    warning = world.finding(Code.ENDPOINT_MISSING, "w", (cell, *others), Severity.WARNING)
    narrow = world.finding(Code.ENDPOINT_MISSING, "n", (cell,))
    wide = world.finding(Code.ENDPOINT_WRONG_REGION, "x", (cell, *others[:2]))
    assert blamed((warning, narrow, wide))[cell] is wide
    assert others[0] not in blamed((narrow,))


RED_CODES = st.sampled_from([Code.TCP_TIMEOUT, Code.TCP_REFUSED, Code.TLS_CERTIFICATE])
OUTCOMES = st.one_of(
    st.tuples(st.just(Verdict.PASSED), st.none()),
    st.tuples(st.sampled_from([Verdict.FAILED, Verdict.WARNED]), RED_CODES),
    st.tuples(st.just(Verdict.ERROR), st.none()),
)
ALL_CELLS = world.cells()
FINDINGS = st.lists(
    st.builds(
        world.finding,
        st.sampled_from([Code.ENDPOINT_MISSING, Code.ENDPOINT_WRONG_REGION]),
        st.sampled_from(["x", "y", "z"]),
        st.lists(st.sampled_from(ALL_CELLS), unique=True),
        st.sampled_from(Severity),
    ),
    max_size=4,
).map(tuple)


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Check, ...]:
    """Draw a matrix of arbitrary outcomes."""
    return tuple(world.check(cell, *draw(OUTCOMES)) for cell in ALL_CELLS)


@given(matrices(), FINDINGS)
def test_every_red_cell_is_explained_exactly_once(
    checks: tuple[Check, ...], findings: tuple[Finding, ...]
) -> None:
    """Whatever broke and was found, each red check has one cause, and no green one has any."""
    causes = rank_causes(checks, findings, world.ground())
    explained = [key for cause in causes for key in cause.explains]
    red = [each.id for each in checks if each.verdict in (Verdict.FAILED, Verdict.WARNED)]
    assert sorted(explained) == sorted(red)
    assert set(explained_by(causes)) == set(red)
    assert [cause.id for cause in causes] == [f"c{n}" for n in range(1, len(causes) + 1)]


@given(matrices(), FINDINGS, st.randoms(use_true_random=False))
def test_causes_do_not_depend_on_any_order(
    checks: tuple[Check, ...], findings: tuple[Finding, ...], chance: random.Random
) -> None:
    """Under xdist tests may finish in any order, and audits may be registered in any."""
    told = (*checks, *audits_of(findings))
    first = rank_causes(told, findings, world.ground())
    second = rank_causes(shuffled(told, chance), shuffled(findings, chance), world.ground())
    assert first == second


@given(matrices(), FINDINGS, st.sets(st.integers(0, 3)))
def test_a_cause_that_explains_nothing_is_an_error_or_has_a_red_audit(
    checks: tuple[Check, ...], findings: tuple[Finding, ...], quiet: set[int]
) -> None:
    """Warnings that neither a cell nor their own audit shows are not told; red audits are once."""
    audits = tuple(each for i, each in enumerate(audits_of(findings)) if i not in quiet)
    causes = rank_causes((*checks, *audits), findings, world.ground())
    heard = {(each.code, each.subject) for each in audits}
    assert all(
        cause.explains or cause.severity is Severity.ERROR or (cause.code, cause.subject) in heard
        for cause in causes
    )
    explained = [key for cause in causes for key in cause.explains]
    assert len(explained) == len(set(explained))


@given(matrices(), FINDINGS)
def test_what_a_finding_blocks_is_explained_by_a_finding(
    checks: tuple[Check, ...], findings: tuple[Finding, ...]
) -> None:
    """A red cell that a finding blocks is never left to its live code."""
    causes = explained_by(rank_causes(checks, findings, world.ground()))
    audited = {each.code for each in findings}
    blocked = blamed(findings)
    for each in checks:
        cell = Cell(each.claim, each.subnet or "", each.service or "")
        if each.verdict in (Verdict.FAILED, Verdict.WARNED) and cell in blocked:
            assert causes[each.id].code in audited


@given(
    st.lists(st.frozensets(st.sampled_from("abcdefgh")), max_size=6),
    st.frozensets(st.sampled_from("abcdefgh")),
)
def test_a_cover_is_the_greedy_one(reaches: list[frozenset[str]], wanted: frozenset[str]) -> None:
    """Each pick is the first of those that cover most of what is left, as told by searching."""
    options = [Option(number, reach) for number, reach in enumerate(reaches)]
    left, expected = wanted, []
    while best := max((each.reach & left for each in options), key=len, default=frozenset()):
        item = next(each.item for each in options if len(each.reach & left) == len(best))
        expected.append((item, reaches[item] & left))
        left -= reaches[item]
    picks = cover(wanted, options, lambda _, newly: (-newly,))
    assert [(pick.item, pick.newly) for pick in picks] == expected


def audits_of(findings: tuple[Finding, ...]) -> tuple[Check, ...]:
    """Return the red audit check of each finding, numbered, for subjects may repeat."""
    return tuple(
        replace(audit, id=f"{audit.id}#{number}")
        for number, audit in enumerate(map(world.audit, findings), start=1)
    )


T = TypeVar("T")


def shuffled(things: tuple[T, ...], chance: random.Random) -> tuple[T, ...]:
    """Return ``things`` in another order."""
    return tuple(chance.sample(things, len(things)))
