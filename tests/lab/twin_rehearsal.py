"""A twin under test: built from a snapshot, asked from its subnets, ended with the test."""

import asyncio
import contextlib
from collections.abc import Iterator

from twin_snapshots import ACCOUNT, TASKS

from pytest_ecs_privatelink.lab.plan import Host, TwinPlan, compile_plan
from pytest_ecs_privatelink.lab.twin import Twin
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.probes.call_records import CallAnswer, CallQuestion, Credentials
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    Question,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

WORN = (TASKS,)
LONG, SHORT = 10.0, 0.2
"""Seconds: what is to answer has long, what is to be dropped need not be waited for."""


def plan_of(
    snapshot: Snapshot,
    groups: tuple[str, ...] | None = WORN,
    faults: tuple[TwinFault, ...] = (),
    instance_groups: tuple[str, ...] | None = None,
) -> TwinPlan:
    """Return the plan with a host in every subnet; instances wear ``groups`` if nothing else."""
    wearers = dict.fromkeys(LaunchType, groups)
    if instance_groups is not None:
        wearers[LaunchType.EC2] = instance_groups
    hosts = tuple(Host(subnet.id, wearers) for subnet in snapshot.subnets)
    return compile_plan(snapshot, hosts=hosts, registries=(ACCOUNT,), faults=faults)


class Rehearsal:
    """A twin with somebody to ask it."""

    def __init__(self, twin: Twin, runner: asyncio.Runner) -> None:
        self.twin = twin
        self._runner = runner

    def connect(
        self, subnet: str, address: str, name: str | None = None, *, timeout: float = LONG
    ) -> ConnectAnswer:
        """Dial an address, and do TLS there as a client that trusts the twin's authority."""
        question = ConnectQuestion(
            address=address,
            server_name=name,
            ca_file=str(self.twin.ca_file),
            timeout=timeout,
        )
        (answer,) = self.ask((subnet, question))
        assert isinstance(answer, ConnectAnswer)
        return answer

    def opens(self, *pairs: tuple[str, str]) -> bool:
        """Whether TCP opens from each subnet to each address; all at once."""
        return set(self._statuses(LONG, pairs)) == {ConnectStatus.OPEN}

    def drops(self, *pairs: tuple[str, str]) -> bool:
        """Whether packets from each subnet to each address vanish; all at once."""
        return set(self._statuses(SHORT, pairs)) == {ConnectStatus.TIMEOUT}

    def resolve(
        self, subnet: str, name: str, resolver: str | None = "", *, timeout: float = LONG
    ) -> DnsAnswer:
        """Ask the VPC's resolver, another one, or (None) the host's own resolution."""
        asked = self.twin.resolver if resolver == "" else resolver
        (answer,) = self.ask((subnet, DnsQuestion(name=name, resolver=asked, timeout=timeout)))
        assert isinstance(answer, DnsAnswer)
        return answer

    def ask(self, *asked: tuple[str, Question]) -> list[Answer]:
        """Ask each question from its subnet, all at once."""

        async def gather() -> list[Answer]:
            return await asyncio.gather(
                *(self.twin.vantages[subnet].ask(question) for subnet, question in asked)
            )

        return self._runner.run(gather())

    def call(self, subnet: str, question: CallQuestion) -> CallAnswer:
        """Ask a question that takes calls, with credentials that nobody knows."""
        credentials = Credentials(access_key="AKIATWIN", secret_key="twin")
        answer = self._runner.run(self.twin.vantages[subnet].ask(question, credentials))
        assert isinstance(answer, CallAnswer)
        return answer

    def _statuses(self, timeout: float, pairs: tuple[tuple[str, str], ...]) -> list[ConnectStatus]:
        questions = [
            (subnet, ConnectQuestion(address=address, timeout=timeout)) for subnet, address in pairs
        ]
        answers = self.ask(*questions)
        return [answer.status for answer in answers if isinstance(answer, ConnectAnswer)]


@contextlib.contextmanager
def rehearse(
    snapshot: Snapshot,
    groups: tuple[str, ...] | None = WORN,
    faults: tuple[TwinFault, ...] = (),
    instance_groups: tuple[str, ...] | None = None,
) -> Iterator[Rehearsal]:
    """Build the twin of ``snapshot`` for as long as the test needs it."""
    with Twin.launch() as twin, asyncio.Runner() as runner:
        twin.build(plan_of(snapshot, groups, faults, instance_groups))
        yield Rehearsal(twin, runner)
        for vantage in twin.vantages.values():
            runner.run(vantage.close())
