"""A task from its order to its end, step by step as AWS takes them.

Fargate gets everything ready before it pulls; the container agent fetches secrets, then pulls, and
Docker opens the log stream as it starts the container (FACTS sections 4 and 5).
"""

import contextlib
import functools
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_ecs_privatelink.lab.platform.dialling import Wire
from pytest_ecs_privatelink.lab.platform.orders import Container, Order
from pytest_ecs_privatelink.lab.platform.preparing import Preparer
from pytest_ecs_privatelink.lab.platform.pulling import Puller
from pytest_ecs_privatelink.lab.platform.running import Process, Shipper, find_command
from pytest_ecs_privatelink.lab.platform.words import StepError, Words

Tell = Callable[[Mapping[str, object]], None]
_SECONDS_TO_STOP = 0.5
"""How long a container has from SIGTERM to SIGKILL: AWS's 30, on the lab's scale."""

_SECONDS_TO_SHIP = 5.0


@dataclass(frozen=True, slots=True)
class _Ready:
    """A container whose process could start."""

    container: Container
    command: list[str]
    variables: Mapping[str, str]


class Task:
    """One task, whose containers run in the network namespace ``inner``."""

    def __init__(self, order: Order, inner: int, tell: Tell) -> None:
        self._order = order
        self._inner = inner
        self._tell = tell
        self._words = Words(order.fargate)
        self._wire = Wire(order.ca, order.resolver, order.patience)
        self._puller = Puller(wire=self._wire, words=self._words, architecture=order.architecture)
        self._preparer = Preparer(wire=self._wire, words=self._words, region=order.region)
        self._processes: list[Process] = []
        self._shipping: list[threading.Thread] = []
        self._stopping = False
        self._lock = threading.Lock()

    def carry_out(self) -> None:
        """Start the task and see it through; say what happens."""
        try:
            ready = self._start_up()
        except StepError as error:
            self._tell(
                {
                    "event": "failed",
                    "reason": error.task,
                    "container": error.name,
                    "containerReason": error.container,
                }
            )
            return
        self._run(ready)
        if self._order.logs == 0:
            self._deliver()
        self._tell({"event": "ended"})
        self._deliver()

    def stop(self) -> None:
        """End its containers, from another thread; what has not started does not start."""
        with self._lock:
            self._stopping = True
            running = tuple(self._processes)
        for each in running:
            each.stop(_SECONDS_TO_STOP)

    def _deliver(self) -> None:
        """Wait for what was printed to be sent; not for what outlived its container."""
        for each in self._shipping:
            each.join(_SECONDS_TO_SHIP + max(self._order.logs, 0.0))

    def _start_up(self) -> list[_Ready]:
        """Take all steps up to the first process; raises `StepError`."""
        containers, early = self._order.containers, self._order.fargate
        tokens = [self._puller.token(each.image) for each in containers] if early else []
        variables = [self._variables(each) for each in containers]
        if early:
            self._make_streams()
        self._tell({"event": "pulling"})
        commands = []
        for at, each in enumerate(containers):
            with _about(each):
                token = tokens[at] if early else self._puller.token(each.image)
                pulled = self._puller.pull(each.image, token)
                commands.append(each.command or pulled.command)
        self._tell({"event": "pulled"})
        if not early:
            self._make_streams()
        return [self._ready(*each) for each in zip(containers, commands, variables, strict=True)]

    def _variables(self, container: Container) -> Mapping[str, str]:
        with _about(container):
            return {
                **self._order.variables,
                **self._preparer.files(container),
                **container.environment,
                **self._preparer.secrets(container),
            }

    def _make_streams(self) -> None:
        for each in self._order.containers:
            if each.logs is not None:
                with _about(each):
                    self._preparer.stream(each.logs)

    def _ready(
        self, container: Container, command: Sequence[str], variables: Mapping[str, str]
    ) -> _Ready:
        with _about(container):
            return _Ready(container, find_command(command, variables, self._words), variables)

    def _run(self, ready: Sequence[_Ready]) -> None:
        """Run the containers until the first that is essential ends, and with it all others."""
        ends: queue.SimpleQueue[tuple[Container, int]] = queue.SimpleQueue()
        with self._lock:
            if self._stopping:
                return
            self._processes = [Process(each.command, each.variables, self._inner) for each in ready]
        for each, process in zip(ready, self._processes, strict=True):
            self._attach(each.container, process)
            _beside(functools.partial(_await, each.container, process, ends))
        self._tell({"event": "running"})
        for _ in ready:
            container, code = ends.get()
            self._tell({"event": "exited", "container": container.name, "code": code})
            if container.essential:
                self.stop()

    def _attach(self, container: Container, process: Process) -> None:
        """Take what a process prints, and send it on where it is to go."""
        if container.logs is None or self._order.logs < 0:
            _beside(process.output.read)
            return
        order = self._order
        shipper = Shipper(Wire(order.ca, order.resolver, order.patience), container.logs)
        _beside(lambda: shipper.read(process.output))
        self._shipping.append(_beside(lambda: shipper.ship(order.logs)))


@contextlib.contextmanager
def _about(container: Container) -> Iterator[None]:
    """Name the container that a step fails for."""
    try:
        yield
    except StepError as error:
        error.name = container.name
        raise


def _await(
    container: Container, process: Process, ends: "queue.SimpleQueue[tuple[Container, int]]"
) -> None:
    ends.put((container, process.wait()))


def _beside(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
