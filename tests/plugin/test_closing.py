"""What a run amounts to."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from planned_vpc import SERVICES, check, planned, vpc

from pytest_ecs_privatelink.plugin.closing import Closing, close, proved_nothing
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.run import Run, Source
from pytest_ecs_privatelink.plugin.settings import Accepted, Settings
from pytest_ecs_privatelink.plugin.share import Cloud, Part
from pytest_ecs_privatelink.reporting.run import RunStatus
from pytest_ecs_privatelink.targets.ledger import Ledger
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.vantage.exchange import Exchange
from pytest_ecs_privatelink.verdict import Basis, Cell, Claim, Code, Verdict

CELL = Cell(Claim.PRIVATE_DNS, "subnet-a", "logs")
OTHER = Cell(Claim.TCP_443, "subnet-b", "logs")
MISSING = vpc("ecr.api", "ecr.dkr", "secretsmanager")


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    """Close at the end of the test what it opened."""
    with contextlib.ExitStack() as stack:
        yield stack


def closing(
    stack: contextlib.ExitStack,
    folder: Path,
    *cells: Cell,
    plan: Plan | None = None,
) -> Closing:
    """Return a run of ``plan`` that selected ``cells`` and has not judged any."""
    plan = plan or planned(vpc(*SERVICES))
    exchange = Exchange(Broker(plan.terms, {}, {}), folder / "broker.sock")
    stack.callback(exchange.close)
    exchange.select(cells)
    run = Run(
        id="run",
        part=Part(plan=plan, cloud=Cloud(region="us-west-2"), link=exchange),
        source=Source(
            target="aws",
            cloud=Cloud(region="us-west-2"),
            region_source="option",
            api_calls={"ec2:DescribeVpcs": 1},
        ),
        exchange=exchange,
        vantages={},
        absent={},
        ledger=Ledger("0123456789ab", boto3.Session),
        stack=contextlib.ExitStack(),
    )
    return Closing(
        settings=plan.settings,
        run=run,
        checks={},
        nodeids={},
        started=datetime.now(UTC),
        workers=2,
    )


def test_a_run_that_never_opened_says_why() -> None:
    """What was asked for is reported, and what was never known is None."""
    closed = close(
        Closing(
            settings=planned(vpc()).settings,
            run=None,
            checks={},
            nodeids={},
            started=datetime.now(UTC),
            workers=1,
            error="no AWS credentials",
            exit_code=4,
        )
    )
    assert closed.facts.status is RunStatus.NOT_STARTED
    assert (closed.facts.error, closed.facts.exit_code) == ("no AWS credentials", 4)
    assert (closed.facts.vpc, closed.facts.region) == ("vpc-1", None)
    assert (closed.subnets, closed.services, closed.checks) == ((), (), ())


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, RunStatus.FINISHED),
        ({"exit_code": 1}, RunStatus.FINISHED),
        ({"exit_code": 2}, RunStatus.INTERRUPTED),
        ({"interrupted": True}, RunStatus.INTERRUPTED),
    ],
    ids=["green", "red", "exit code", "signal"],
)
def test_an_interrupted_run_is_told_from_a_finished_one(
    stack: contextlib.ExitStack, tmp_path: Path, changes: dict[str, Any], status: RunStatus
) -> None:
    """Exit code 2 or pytest's hook: either says so."""
    closed = close(replace(closing(stack, tmp_path), **changes))
    assert closed.facts.status is status


def test_a_selected_cell_without_a_check_is_an_error(
    stack: contextlib.ExitStack, tmp_path: Path
) -> None:
    """An interrupted run leaves no square blank, and claims no proof for it."""
    judged = check(Verdict.PASSED)
    open_ = replace(closing(stack, tmp_path, CELL, OTHER), checks={judged.id: judged})
    closed = close(open_)
    assert [(each.id, each.verdict) for each in closed.checks] == [
        ("private-dns[private-a-logs]", Verdict.PASSED),
        ("tcp-443[private-b-logs]", Verdict.ERROR),
    ]
    assert closed.checks[1].reason == "the run ended before this cell was judged"
    assert (closed.facts.cells.required, closed.facts.cells.probed) == (2, 1)
    assert closed.facts.api_calls == {"ec2:DescribeVpcs": 1}


@pytest.mark.parametrize(
    ("verdict", "basis", "nothing"),
    [
        (Verdict.PASSED, Basis.PROBED, False),
        (Verdict.FAILED, Basis.PROBED, False),
        (Verdict.WARNED, Basis.DRY, False),
        (Verdict.SKIPPED, Basis.DERIVED, True),
        (Verdict.ERROR, Basis.PROBED, True),
        (Verdict.FAILED, Basis.DERIVED, True),
    ],
)
def test_what_counts_as_proof(
    stack: contextlib.ExitStack, tmp_path: Path, verdict: Verdict, basis: Basis, nothing: bool
) -> None:
    """Only packets prove, also that something is broken."""
    judged = check(verdict, basis=basis)
    open_ = replace(closing(stack, tmp_path, CELL), checks={judged.id: judged})
    assert proved_nothing(open_) is nothing


def test_a_run_that_probes_nothing_has_nothing_to_prove(
    stack: contextlib.ExitStack, tmp_path: Path
) -> None:
    """Audits alone, and runs without a single selected cell, are not blamed."""
    assert not proved_nothing(closing(stack, tmp_path))
    assert not proved_nothing(replace(closing(stack, tmp_path), run=None))


def test_an_accepted_finding_is_no_cause(stack: contextlib.ExitStack, tmp_path: Path) -> None:
    """The same red cell has the finding for a cause, unless somebody accepted it."""
    red = check(Verdict.FAILED, code=Code.DNS_PUBLIC_ANSWER)
    ignore = (Accepted(code=Code.ENDPOINT_MISSING, subject="logs"),)
    told = [
        close(replace(closing(stack, tmp_path, CELL, plan=plan), checks={red.id: red})).causes
        for plan in (planned(MISSING), planned(MISSING, ignore=ignore))
    ]
    assert [[cause.code for cause in causes] for causes in told] == [
        [Code.ENDPOINT_MISSING],
        [Code.DNS_PUBLIC_ANSWER],
    ]


def test_an_interruption_before_the_start_is_one() -> None:
    """Ctrl-C while the lab is built is an interruption, not a set-up that failed."""
    never = Closing(
        settings=Settings(lab=True),
        run=None,
        checks={},
        nodeids={},
        started=datetime.now(UTC),
        workers=1,
        error="KeyboardInterrupt",
        interrupted=True,
        exit_code=2,
    )
    facts = close(never).facts
    assert (facts.status, facts.error, facts.exit_code) == (
        RunStatus.INTERRUPTED,
        "KeyboardInterrupt",
        2,
    )
