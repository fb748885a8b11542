"""One round on a host: all questions of a batch at once, and what their names lead to.

What only some batches need is imported by these: hosts compile all of our own each time.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, Any

from pytest_ecs_privatelink.probes.call_records import CallQuestion, Credentials
from pytest_ecs_privatelink.probes.records import Answer, DnsAnswer, DnsQuestion, Question
from pytest_ecs_privatelink.records import to_json
from pytest_ecs_privatelink.vantage.answering import MOST_AT_ONCE, answer
from pytest_ecs_privatelink.vantage.returns import Errand, places

_METADATA_S = 5.0
_DIGITS = 3


class Round:
    """The questions of one errand, each asked once. Lives in one event loop."""

    def __init__(self, errand: Errand) -> None:
        self._batch = errand.batch
        self._in_task = errand.in_task
        self._metadata = errand.metadata
        self._asked: dict[Question, asyncio.Task[Answer]] = {}
        self._keys: asyncio.Task[Credentials] | None = None
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._trusted: str | None = None

    async def go(self) -> dict[str, Any]:
        """Return a `returns.Returned` as JSON values; what has no answer is missing from it."""
        with _as_file(self._batch.trust) as self._trusted:
            for question in self._batch.questions:
                self._put(question)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._all(), self._batch.deadline)
            return self._returned()

    async def _all(self) -> None:
        # Names that are resolved bring further questions.
        while running := [task for task in self._asked.values() if not task.done()]:
            await asyncio.wait(running)

    def _put(self, question: Question) -> None:
        if question not in self._asked:
            self._asked[question] = asyncio.get_running_loop().create_task(self._ask(question))

    async def _ask(self, question: Question) -> Answer:
        credentials = None
        if isinstance(question, CallQuestion):
            credentials = self._batch.credentials or await self._own_credentials()
        put = question
        if not isinstance(question, DnsQuestion) and question.ca_file is not None:
            put = replace(question, ca_file=self._trusted)
        async with self._places:
            found = await answer(put, credentials)
        if isinstance(found, DnsAnswer) and found.name in self._batch.then_dial:
            for address in found.addresses:
                self._put(replace(self._batch.then_dial[found.name], address=address))
        return found

    async def _own_credentials(self) -> Credentials:
        if self._keys is None:
            self._keys = asyncio.get_running_loop().create_task(
                asyncio.to_thread(_role(self._in_task), _METADATA_S, self._metadata)
            )
        return await asyncio.shield(self._keys)

    def _returned(self) -> dict[str, Any]:
        known = places(self._batch)
        found: dict[str, list[Any]] = {
            each: [] for each in ("answers", "missing", "dialled", "undialled")
        }
        for question, task in self._asked.items():
            given = question in known
            key = known[question] if given else to_json(question)
            reason = self._reason(task)
            if reason is None:
                told = self._polished(to_json(task.result()), question)
                found["answers" if given else "dialled"].append([key, told])
            else:
                found["missing" if given else "undialled"].append([key, reason])
        return dict(found)

    def _reason(self, task: asyncio.Task[Answer]) -> str | None:
        """Return why there is no answer; None where there is one."""
        if not task.done() or task.cancelled():
            return f"not answered within {self._batch.deadline:g} s"
        error = task.exception()
        if error is None:
            return None
        from pytest_ecs_privatelink.probes.instance_role import NoRoleError

        told = isinstance(error, NoRoleError)
        return str(error) if told else f"the probe itself failed: {type(error).__name__}"

    def _polished(self, value: Any, question: Question) -> Any:  # noqa: ANN401 - JSON
        """Return an answer with times that are short, and files called as they were asked about."""
        if isinstance(value, dict):
            return {key: self._polished(each, question) for key, each in value.items()}
        if isinstance(value, list):
            return [self._polished(each, question) for each in value]
        if isinstance(value, float):
            return round(value, _DIGITS)
        if isinstance(value, str) and self._trusted and not isinstance(question, DnsQuestion):
            return value.replace(self._trusted, question.ca_file or self._trusted)
        return value


def _role(in_task: bool) -> Callable[[float, str], Credentials]:
    """Return what gets the credentials of this place's own role."""
    if in_task:
        from pytest_ecs_privatelink.probes.task_role import task_credentials

        return task_credentials
    from pytest_ecs_privatelink.probes.instance_role import role_credentials

    return role_credentials


@contextlib.contextmanager
def _as_file(text: str | None) -> Iterator[str | None]:
    """Yield a path that holds ``text`` for this process: the file has no name for anybody else."""
    if text is None:
        yield None
        return
    with _nameless_file() as kept:
        kept.write(text)
        kept.flush()
        yield f"/proc/self/fd/{kept.fileno()}"


def _nameless_file() -> IO[str]:
    # In memory where the C library can: a host's disk may be full.
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("trust"), "w", encoding="utf-8")
    import tempfile

    return tempfile.TemporaryFile("w", encoding="utf-8")
