"""Ranking causes: findings first, as few as possible, nothing explained twice."""

import random

import red_worlds as world
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.diagnosis.causes import blamed, explained_by, rank_causes
from pytest_ecs_privatelink.verdict import Cause, Cell, Check, Code, Severity, Verdict

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
    checks: tuple[Check, ...], findings: tuple[object, ...]
) -> None:
    """Whatever broke and was found, each red check has one cause, and no green one has any."""
    causes = rank_causes(checks, findings, world.ground())  # type: ignore[arg-type] # drawn
    explained = [key for cause in causes for key in cause.explains]
    red = [each.id for each in checks if each.verdict in (Verdict.FAILED, Verdict.WARNED)]
    assert sorted(explained) == sorted(red)
    assert set(explained_by(causes)) == set(red)
    assert [cause.id for cause in causes] == [f"c{n}" for n in range(1, len(causes) + 1)]


@given(matrices(), FINDINGS, st.randoms(use_true_random=False))
def test_causes_do_not_depend_on_the_order_of_checks(
    checks: tuple[Check, ...], findings: tuple[object, ...], chance: random.Random
) -> None:
    """Under xdist tests may finish in any order: the causes stay the same."""
    shuffled = chance.sample(checks, len(checks))
    first = rank_causes(checks, findings, world.ground())  # type: ignore[arg-type] # drawn
    second = rank_causes(tuple(shuffled), findings, world.ground())  # type: ignore[arg-type] # drawn
    assert first == second
