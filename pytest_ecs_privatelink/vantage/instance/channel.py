"""One host's channel: a batch goes there and its answers come back, in threads that may block."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.metadata_endpoints import INSTANCE_ENDPOINT
from pytest_ecs_privatelink.probes.records import DnsQuestion, Question
from pytest_ecs_privatelink.vantage import program
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.instance.troubles import of_program
from pytest_ecs_privatelink.vantage.parcels import ParcelError
from pytest_ecs_privatelink.vantage.pieces import More


class Result(Protocol):
    """What a command brought: testinfra's ``CommandResult``, as far as it is looked at."""

    rc: int
    stdout_bytes: bytes
    stderr_bytes: bytes


class Backend(Protocol):
    """A testinfra backend of our own, which knows about time; `VantageError` for all trouble."""

    def execute(self, command: str, stdin: bytes, seconds: float) -> Result:
        """Run ``command`` there, within ``seconds`` after the connection stands."""
        ...

    def end(self) -> None:
        """Give up what is under way, from another thread."""
        ...


class Channel(Protocol):
    """Brings a batch to one host. It blocks, and every trouble is a `VantageError`."""

    def exchange(self, batch: Batch, seconds: float) -> Brought:
        """Ask the host everything in one go; it may take ``seconds`` to answer."""
        ...

    def end(self) -> None:
        """Give up what is under way, from another thread."""
        ...


class StdinChannel:
    """A channel that takes standard input: commands are short, and the same for all batches."""

    def __init__(self, backend: Backend, metadata: str = INSTANCE_ENDPOINT) -> None:
        self._backend = backend
        self._metadata = metadata

    def exchange(self, batch: Batch, seconds: float) -> Brought:
        """Ask everything at once."""
        command, stdin = program.by_stdin(batch, metadata=self._metadata)
        brought = _read(self._backend.execute(command, stdin, seconds), batch)
        if isinstance(brought, More):
            raise VantageError("the host left its answer in pieces, which nobody wanted")
        return brought

    def end(self) -> None:
        """Give up what is under way."""
        self._backend.end()


class CommandChannel:
    """A channel of commands alone, which shows ``most`` characters of output (None: all)."""

    def __init__(
        self, backend: Backend, *, most: int | None = None, metadata: str = INSTANCE_ENDPOINT
    ) -> None:
        self._backend = backend
        self._most = most
        self._metadata = metadata

    def exchange(self, batch: Batch, seconds: float) -> Brought:
        """Ask with one command, or with several where the questions are too many for one.

        Each of them may take ``seconds``: the last has as much to wait for as the first.
        """
        brought = [
            self._ask(part, command, seconds) for part, command in self._commands(_by_name(batch))
        ]
        return Brought(
            pairs=tuple(pair for each in brought for pair in each.pairs),
            missing=tuple(miss for each in brought for miss in each.missing),
            python=brought[0].python,
        )

    def end(self) -> None:
        """Give up what is under way."""
        self._backend.end()

    def _commands(self, batch: Batch) -> Iterator[tuple[Batch, str]]:
        try:
            yield batch, program.by_command(batch, most=self._most, metadata=self._metadata)
        except ValueError as error:
            if batch.credentials is not None or len(batch.questions) == 1:
                raise VantageError(str(error)) from None
            middle = len(batch.questions) // 2
            for part in (batch.questions[:middle], batch.questions[middle:]):
                yield from self._commands(with_questions(batch, part))

    def _ask(self, batch: Batch, command: str, seconds: float) -> Brought:
        before, until = None, time.monotonic() + seconds
        while True:
            left = max(until - time.monotonic(), 0.1)
            found = _read(self._backend.execute(command, b"", left), batch, before)
            if isinstance(found, Brought):
                return found
            before, command = found, found.command


def with_questions(batch: Batch, questions: tuple[Question, ...]) -> Batch:
    """Return the part of ``batch`` with these ``questions``, and what is dialled after them."""
    names = {each.name for each in questions if isinstance(each, DnsQuestion)}
    dials = {name: dial for name, dial in batch.then_dial.items() if name in names}
    return replace(batch, questions=questions, then_dial=dials)


def _by_name(batch: Batch) -> Batch:
    """Return ``batch`` with what is asked of one name side by side, lest it is dialled twice."""

    def name_of(question: Question) -> str:
        return question.name if isinstance(question, DnsQuestion) else ""

    return replace(batch, questions=tuple(sorted(batch.questions, key=name_of)))


def _read(result: Result, batch: Batch, before: More | None = None) -> Brought | More:
    stdout = result.stdout_bytes.decode(errors="replace")
    problem = ""
    with contextlib.suppress(UnicodeError):
        try:
            return program.read(stdout, batch, before)
        except ParcelError as error:
            problem = str(error)
    stderr = result.stderr_bytes.decode(errors="replace")
    raise of_program(result.rc, stdout, stderr, problem)
