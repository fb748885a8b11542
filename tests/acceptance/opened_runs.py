"""Runs opened without pytest, and what is in the cloud of their lab meanwhile."""

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.plugin.breaking import LabHandle
from pytest_ecs_privatelink.plugin.run import Run, open_run
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Check

IN_LAB = Settings(lab=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """A run of the lab's own world that nothing was asked of yet."""

    run: Run

    @property
    def lab(self) -> LabHandle:
        """Its lab."""
        assert self.run.part.lab is not None
        return self.run.part.lab

    @property
    def endpoint(self) -> str:
        """The address of its cloud."""
        return self.lab.laboratory.cloud.endpoint

    @property
    def logs(self) -> Any:  # noqa: ANN401 - a boto3 client
        """A client of its cloud's CloudWatch Logs."""
        return self.lab.session.client("logs")

    def cells(self) -> tuple[Cell, ...]:
        """Return every cell that a default run selects."""
        terms = self.run.part.plan.terms
        services = [each.service for each in terms.services]
        stands = [(claim, service) for claim in PATH_CLAIMS for service in services]
        stands += [stand for stand in CHAINS if stand[1] in services]
        return tuple(
            Cell(claim, subnet.id, service) for claim, service in stands for subnet in terms.subnets
        )

    def judge(self) -> tuple[Check, ...]:
        """Probe them all and return their checks."""
        assert self.run.exchange is not None
        cells = self.cells()
        self.run.exchange.select(cells)
        return tuple(self.run.exchange.check(cell) for cell in cells)

    def streams(self) -> dict[str, set[str]]:
        """Return the log streams in the cloud, by group."""
        return {
            group["logGroupName"]: {
                each["logStreamName"]
                for each in self.logs.describe_log_streams(logGroupName=group["logGroupName"])[
                    "logStreams"
                ]
            }
            for group in self.logs.describe_log_groups()["logGroups"]
        }

    def everything(self) -> dict[str, Any]:
        """Return all that the emulator holds, of every service that it holds anything of."""
        told = json.loads(self.moto("data.json"))
        held = {
            service: {kind: items for kind, items in kinds.items() if items}
            for service, kinds in told.items()
        }
        assert held["logs"], "the emulator says what it holds"
        return {service: kinds for service, kinds in held.items() if kinds}

    def moto(self, path: str, method: str = "GET") -> bytes:
        """Ask the emulator's own API."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/{path}", method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read())


@contextlib.contextmanager
def opened(**said: object) -> Iterator[Opened]:
    """Open a run of the lab with these settings, for as long as the block takes."""
    run = open_run(replace(IN_LAB, **said), probing=True)  # type: ignore[arg-type]  # by name
    try:
        yield Opened(run)
    finally:
        run.close()
