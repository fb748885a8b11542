"""The vantage of a subnet whose container instances answer, in as few round trips as can be."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import AgentQuestion
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import Answer, ConnectQuestion, Question
from pytest_ecs_privatelink.probes.threads import in_thread
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.instance.asking import (
    Bundle,
    Put,
    batches,
    fitting,
    unanswered,
)
from pytest_ecs_privatelink.vantage.instance.channel import Channel
from pytest_ecs_privatelink.vantage.instance.choosing import Host
from pytest_ecs_privatelink.vantage.instance.troubles import NotAskedError

_QUIET_S, _LONGEST_S = 0.015, 0.3
_GRACE_S = 60.0
"""What a channel that ends its commands itself may take on top: connecting, or being delivered."""
_SLACK_S = 5.0
"""What the program may take on top of its own deadline, to be heard of it."""
_FAREWELL_S = 5.0

MOST_AT_ONCE = 32
"""Hosts that are talked to at the same time: each takes a thread, and most a process."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A host, and the channel to it."""

    host: Host
    channel: Channel


class InstanceVantage:
    """Container instances of one subnet; ``machines`` has the one that is asked first in front.

    Questions that come within a few turns of the event loop travel together, and with them what is
    dialled once names are resolved (``dials``). What was brought beyond that is kept until somebody
    asks. Where the first machine cannot be reached, the next one that wears the same groups is
    tried, once. ``bundle`` reads the files of certificates that questions name.
    """

    def __init__(
        self,
        *,
        machines: Sequence[Machine],
        dials: Mapping[str, ConnectQuestion],
        bundle: Bundle,
        lends: bool = False,
        places: asyncio.Semaphore | None = None,
    ) -> None:
        first = machines[0].host
        self.label = first.label
        self.subnet = first.subnet
        self.groups = first.groups
        self.wearers: Wearers = {}
        self.instances = tuple(each.host.instance for each in machines)
        self.own_credentials = not lends
        self._named = {each.host.instance: each for each in machines}
        self._alike = [each for each in machines if each.host.groups == first.groups][:2]
        self._dials = dials
        self._bundle = bundle
        self._places = places or asyncio.Semaphore(MOST_AT_ONCE)
        self._gathered: dict[Put, asyncio.Future[Answer | VantageError]] = {}
        self._spare: dict[Question, Answer] = {}
        self._rounds: set[asyncio.Task[None]] = set()
        self._closed = False

    async def ask(self, question: Question, credentials: Credentials | None = None) -> Answer:
        """Return a machine's answer; raise `VantageError` where none came."""
        if self._closed:
            raise VantageError(f"vantage {self.label}: closed, cannot be asked")
        if (spare := self._spare.pop(question, None)) is not None:
            return spare
        if not self._gathered:
            self._begin_a_round()
        put = Put(question=question, credentials=credentials)
        if put not in self._gathered:
            self._gathered[put] = asyncio.get_running_loop().create_future()
        # Shielded: who stops waiting must not take the answer from who asked the same.
        found = await asyncio.shield(self._gathered[put])
        if isinstance(found, VantageError):
            raise found
        return found

    async def close(self) -> None:
        """Give up what is under way, and wait a little for it to have ended."""
        self._closed = True
        for machine in self._named.values():
            machine.channel.end()
        if self._rounds:
            _, late = await asyncio.wait(self._rounds, timeout=_FAREWELL_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _begin_a_round(self) -> None:
        task = asyncio.create_task(self._round())
        self._rounds.add(task)
        task.add_done_callback(self._rounds.discard)

    async def _round(self) -> None:
        """Wait until nobody asks any more, then send all that was asked."""
        began, known = time.monotonic(), -1
        while len(self._gathered) > known and time.monotonic() - began < _LONGEST_S:
            known = len(self._gathered)
            await asyncio.sleep(_QUIET_S)
        gathered, self._gathered = self._gathered, {}
        found: dict[Put, Answer | VantageError] = {}
        try:
            await self._send(tuple(gathered), found)
        finally:
            gone = VantageError(f"vantage {self.label}: closed before it answered")
            for put, future in gathered.items():
                if not future.done():
                    future.set_result(found.get(put, gone))

    async def _send(self, puts: Sequence[Put], found: dict[Put, Answer | VantageError]) -> None:
        by_machine: dict[str, list[Put]] = {}
        for put in puts:
            instance = self._alike[0].host.instance
            if isinstance(put.question, AgentQuestion):
                instance = put.question.instance
            if instance in self._named:
                by_machine.setdefault(instance, []).append(put)
            else:
                found[put] = VantageError(f"vantage {self.label}: {instance} is not reached here")
        await asyncio.gather(
            *(self._ask(self._named[each], some, found) for each, some in by_machine.items())
        )

    async def _ask(
        self, machine: Machine, puts: Sequence[Put], found: dict[Put, Answer | VantageError]
    ) -> None:
        try:
            await self._talk(machine, puts, found)
        except NotAskedError as error:
            _leave(puts, error, found)
            others = [put for put in puts if found[put] is error and not _is_of_one(put)]
            if others and (second := self._stand_in(machine)):
                await self._ask_instead(second, others, error, found)
        except VantageError as error:
            _leave(puts, error, found)

    def _stand_in(self, machine: Machine) -> Machine | None:
        """Return who answers in place of ``machine``, now and ever after; None where nobody does.

        Another round may have found out before that somebody has to.
        """
        if machine is self._alike[0]:
            if len(self._alike) == 1:
                return None
            del self._alike[0]
            named = self._alike[0].host.label
            self.label = f"{named} ({machine.host.label} could not be asked)"
        return self._alike[0]

    async def _ask_instead(
        self,
        second: Machine,
        puts: Sequence[Put],
        before: NotAskedError,
        found: dict[Put, Answer | VantageError],
    ) -> None:
        for put in puts:
            del found[put]
        try:
            await self._talk(second, puts, found)
        except VantageError as error:
            _leave(puts, VantageError(f"{error}; and before it, {before}"), found)

    async def _talk(
        self, machine: Machine, puts: Sequence[Put], found: dict[Put, Answer | VantageError]
    ) -> None:
        """Ask ``machine`` everything in one round trip, or one for each file of certificates."""
        try:
            for batch in batches(puts, self._dials, self._bundle):
                found.update(await self._exchange(machine, batch, puts))
        except VantageError as error:
            raise type(error)(f"{machine.host.label}: {error}") from None

    async def _exchange(
        self, machine: Machine, batch: Batch, puts: Sequence[Put]
    ) -> Mapping[Put, Answer | VantageError]:
        limit = batch.deadline + _GRACE_S
        async with self._places:
            if self._closed:
                raise VantageError("the run ended before it was asked")
            try:
                async with asyncio.timeout(limit):
                    brought = await in_thread(lambda: _exchanged(machine, batch), "instance")
            except TimeoutError:
                machine.channel.end()
                raise VantageError(f"no answer within {limit:g} s: see whether it hangs") from None
        if isinstance(brought, VantageError):
            raise brought
        answers, asked = fitting(batch, brought), set(batch.questions)
        for question in set(answers) - asked:
            self._spare[question] = answers[question]
        return {
            put: answers.get(put.question)
            or VantageError(f"{machine.host.label}: {unanswered(put.question, brought)}")
            for put in puts
            if put.question in asked
        }


def _is_of_one(put: Put) -> bool:
    """Return whether only the machine that is named can answer."""
    return isinstance(put.question, AgentQuestion)


def _leave(
    puts: Sequence[Put], error: VantageError, found: dict[Put, Answer | VantageError]
) -> None:
    """Note ``error`` for what was not found before it came up."""
    for put in puts:
        found.setdefault(put, error)


def _exchanged(machine: Machine, batch: Batch) -> Brought | VantageError:
    """Ask ``machine``, in a thread: what is raised there would lose its text on the way."""
    try:
        return machine.channel.exchange(batch, batch.deadline + _SLACK_S)
    except VantageError as error:
        return error
