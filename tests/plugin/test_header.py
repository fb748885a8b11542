"""What the header says of a run's traces."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from planned_vpc import SERVICES, planned, vpc

from pytest_ecs_privatelink.plugin.header import header_lines
from pytest_ecs_privatelink.plugin.run import Run, Source
from pytest_ecs_privatelink.plugin.share import Cloud, Part
from pytest_ecs_privatelink.targets.ledger import Ledger
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.vantage.exchange import Exchange
from pytest_ecs_privatelink.vantage.local import LocalVantage
from pytest_ecs_privatelink.verdict import Claim

TOLD = (
    "  run 0123456789ab: its log streams are removed at the end; should it be killed, "
    "pytest --ecs-cleanup 0123456789ab does it"
)


@contextlib.contextmanager
def a_run(folder: Path, *, here: bool = True, **said: Any) -> Iterator[Run]:  # noqa: ANN401  (fields of Settings)
    """Open a run of a VPC in which this machine stands, or (``here`` off) does not."""
    plan = planned(vpc(*SERVICES), **said)
    vantages = {"subnet-a": LocalVantage(subnet="subnet-a")} if here else {}
    cloud = Cloud(region="us-west-2")
    with contextlib.closing(Exchange(Broker(plan.terms, vantages, {}), folder / "b.sock")) as link:
        yield Run(
            id="0123456789ab",
            part=Part(plan=plan, cloud=cloud, link=link),
            source=Source(target="aws", cloud=cloud, region_source="option"),
            exchange=link,
            vantages=vantages,
            absent={},
            ledger=Ledger("0123456789ab", boto3.Session),
            stack=contextlib.ExitStack(),
        )


def test_a_run_that_writes_says_how_a_kill_is_cleaned_up(tmp_path: Path) -> None:
    """Its id stands there before anything is created."""
    with a_run(tmp_path) as run:
        assert TOLD in header_lines(run)


@pytest.mark.parametrize(
    "said",
    [
        {"read_only": True},
        {"lab": True},
        {"claims": (Claim.PRIVATE_DNS, Claim.AUDIT)},
        {"here": False},
    ],
    ids=lambda said: next(iter(said)),
)
def test_who_creates_nothing_outside_says_nothing(tmp_path: Path, said: dict[str, Any]) -> None:
    """There is nothing to clean up after a read-only run, the lab, or a run without deliveries."""
    with a_run(tmp_path, **said) as run:
        assert not any("--ecs-cleanup" in line for line in header_lines(run))
