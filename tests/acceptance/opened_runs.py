"""Runs opened without pytest, and what is in the cloud of their lab meanwhile."""

import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.catalogue.marks import marked
from pytest_ecs_privatelink.plugin.breaking import LabHandle
from pytest_ecs_privatelink.plugin.run import Run, open_run
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Check, LaunchType, task_cell

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

    def select_tasks(self, launch_type: LaunchType) -> tuple[Cell, ...]:
        """Have a task of ``launch_type`` started in every subnet; return their cells."""
        assert self.run.exchange is not None
        subnets = self.run.part.plan.terms.subnets
        cells = tuple(task_cell(each.id, launch_type) for each in subnets)
        self.run.exchange.select(cells)
        return cells

    def tasks(self, desired: str) -> list[dict[str, Any]]:
        """Return the tasks that this run has started and that are to be in this state."""
        assert self.lab.world.workload is not None
        ecs, cluster = self.lab.session.client("ecs"), self.lab.world.workload.cluster
        started_by = marked(self.run.id)
        arns = ecs.list_tasks(cluster=cluster, startedBy=started_by, desiredStatus=desired)
        found = arns["taskArns"]
        return list(ecs.describe_tasks(cluster=cluster, tasks=found)["tasks"]) if found else []

    def wait_for_tasks(self) -> None:
        """Wait until some task of this run is under way, as long as a busy machine may take."""
        deadline = time.monotonic() + 60
        while not self.tasks("RUNNING") and time.monotonic() < deadline:
            time.sleep(0.05)

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
