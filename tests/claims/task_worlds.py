"""One-off tasks in the VPC of `chain_worlds`: how they ended, and what they said from inside."""

import asyncio
from dataclasses import dataclass, field, replace

from chain_worlds import EC2, FARGATE, Scripted, chain_terms
from claim_worlds import OWNER, REGION, SUBNET

from pytest_ecs_privatelink.claims.register import PROVERS
from pytest_ecs_privatelink.claims.task_start import stand_of
from pytest_ecs_privatelink.claims.terms import Answered, Asked, Terms
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.task_records import (
    InsideQuestion,
    Stopped,
    StoppedContainer,
    TaskAnswer,
    TaskQuestion,
    TaskStatus,
)
from pytest_ecs_privatelink.verdict import Check, Claim, LaunchType, task_cell

ARN = f"arn:aws:ecs:{REGION}:{OWNER}:task/live/0123456789abcdef"
RAN = TaskAnswer(
    status=TaskStatus.RAN,
    task=ARN,
    states=(("PROVISIONING", 210.0), ("PENDING", 900.0), ("RUNNING", 2100.0), ("STOPPED", 2900.0)),
)


def died(
    reason: str, code: str = "TaskFailedToStart", container: StoppedContainer | None = None
) -> TaskAnswer:
    """Return the answer for a task that ECS stopped with these words."""
    containers = () if container is None else (container,)
    stopped = Stopped(code=code, reason=reason, containers=containers)
    return replace(RAN, status=TaskStatus.DIED, stopped=stopped, detail=reason)


def untold(status: TaskStatus, detail: str = "") -> TaskAnswer:
    """Return the answer for a task of which nobody knows how it would have gone."""
    return TaskAnswer(status=status, states=(("PROVISIONING", 210.0),), detail=detail)


@dataclass
class ScriptedTask:
    """A task that ends as ``answer`` says and, from inside, answers as ``inside`` does.

    ``lost`` is why it answers nothing.
    """

    answer: TaskAnswer = RAN
    inside: Scripted = field(default_factory=Scripted)
    lost: str | None = None
    asked: list[InsideQuestion] = field(default_factory=list)

    async def ask(self, question: Asked) -> Answered:
        """Answer as scripted, and remember what was asked inside."""
        if isinstance(question, TaskQuestion):
            return self.answer
        assert isinstance(question, InsideQuestion), question
        self.asked.append(question)
        if self.lost is not None:
            raise VantageError(self.lost)
        return await self.inside.ask(question.question)


def started(
    task: ScriptedTask | None = None,
    terms: Terms | None = None,
    launch_type: LaunchType = FARGATE,
) -> Check:
    """Return the check of a task in private-a."""
    cell = task_cell(SUBNET.id, launch_type)
    known = terms or chain_terms(kinds=(FARGATE, EC2))
    asked = task or ScriptedTask()

    async def prove() -> Check:
        return await PROVERS[Claim.TASK_START](cell, known, stand_of(cell, known), asked.ask)

    return asyncio.run(prove())
