"""The controller's run: read the VPC once, plan, take up vantages, and let go of everything."""

import contextlib
import shlex
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.keys import Keys
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import Cloud, Part
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.vantage.exchange import Exchange
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.vantage.sockets import place_for_sockets
from pytest_ecs_privatelink.verdict import PROBED_CLAIMS

if TYPE_CHECKING:
    import boto3

    from pytest_ecs_privatelink.lab.faults import Fault
    from pytest_ecs_privatelink.lab.laboratory import Laboratory
    from pytest_ecs_privatelink.lab.world import World
    from pytest_ecs_privatelink.plugin.breaking import LabHandle
    from pytest_ecs_privatelink.plugin.tasks import Opening, RunTasks
    from pytest_ecs_privatelink.targets.agent_watch import AgentWatch
    from pytest_ecs_privatelink.targets.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the snapshot came from, for the header: the target, and notes on how it was reached."""

    target: str
    cloud: Cloud
    region_source: str
    notes: tuple[str, ...] = ()
    api_calls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLab:
    """The lab where it builds its own world, for tests that break it themselves."""

    laboratory: "Laboratory"
    world: "World"
    faults: "tuple[Fault, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that the controller holds during a run; `close` lets go of it."""

    id: str
    part: Part
    source: Source
    exchange: Exchange | None
    vantages: Mapping[str, Vantage]
    absent: Mapping[str, str]
    ledger: "Ledger"
    stack: contextlib.ExitStack
    watch: "AgentWatch | None" = None
    tasks: "RunTasks | None" = None

    @property
    def api_calls(self) -> Mapping[str, int]:
        """How many requests this process sent, by IAM action: to read, look, and clean up."""
        looked = {} if self.watch is None else self.watch.calls
        started = {} if self.tasks is None else self.tasks.calls
        sent = Counter(self.source.api_calls) + Counter(self.ledger.calls)
        sent += Counter(looked) + Counter(started)
        return dict(sorted(sent.items()))

    def remove_traces(self) -> str | None:
        """Stop probing and remove what it created; return a line on what is left, if anything."""
        if self.exchange is not None:
            # After a second Ctrl-C, what was created has to go all the same.
            with contextlib.suppress(KeyboardInterrupt):
                self.exchange.close()
        from pytest_ecs_privatelink.targets.discretion import NOTHING, discreet

        with discreet(NOTHING):
            return self.ledger.remove()

    def close(self) -> None:
        """End processes, sockets and folders; closing twice is harmless."""
        self.stack.close()


def open_run(settings: Settings, *, probing: bool) -> Run:
    """Open the run that ``settings`` ask for; with ``probing`` off nothing is sent to any subnet.

    Raises one-line errors of `errors` where it cannot be opened; then nothing is left behind.
    """
    probing = probing and any(claim in PROBED_CLAIMS for claim in settings.claims)
    from pytest_ecs_privatelink.targets.discretion import discreet
    from pytest_ecs_privatelink.targets.ledger import Ledger  # late: it brings botocore

    id_ = uuid.uuid4().hex[:12]
    settings = replace(settings, run=id_)
    with contextlib.ExitStack() as stack:
        if settings.lab:
            from pytest_ecs_privatelink.plugin.run_lab import open_lab as open_place
        else:
            from pytest_ecs_privatelink.plugin.run_here import open_here as open_place
        with discreet():
            place = open_place(settings, stack, probing=probing)
        if settings.save_snapshot is not None:
            snapshots.save(place.plan.snapshot, settings.save_snapshot)
        command = _command(settings, place)
        ledger = Ledger(id_, place.session, command=command, address=place.logs)
        tasks = None if place.tasks is None else place.tasks(ledger)
        exchange = _open_exchange(place, ledger, tasks, stack) if probing else None
        return Run(
            id=id_,
            part=Part(
                plan=place.plan,
                cloud=place.source.cloud,
                link=exchange,
                lab=_lab_handle(place, exchange),
            ),
            source=place.source,
            exchange=exchange,
            vantages=place.vantages,
            absent=place.absent,
            ledger=ledger,
            stack=stack.pop_all(),
            watch=place.watch,
            tasks=tasks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A planned run with its vantages taken up; ``absent`` says why other subnets have none.

    ``session`` opens one for the AWS that probes call, from which traces are removed again.
    ``logs`` is the URL at which probes find CloudWatch Logs, None where that session knows it.
    ``keys`` gives the credentials that probes sign with, None where none calls AWS.
    ``watch`` asks that AWS whether agents are connected, None where there is none to ask.
    ``tasks`` opens who starts one-off tasks there, None where nobody does.
    ``folder`` is a private one, None where the run has to make its own.
    """

    plan: Plan
    source: Source
    session: "Callable[[], boto3.Session]"
    vantages: Mapping[str, Vantage] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    own_lab: OwnLab | None = None
    logs: str | None = None
    keys: Keys | None = None
    watch: "AgentWatch | None" = None
    tasks: "Opening | None" = None
    folder: Path | None = None


def load_snapshot(settings: Settings) -> Snapshot:
    """Return the saved snapshot; `SettingsError` where ``--ecs-vpc`` names another VPC."""
    assert settings.snapshot is not None
    snapshot = snapshots.load(settings.snapshot)
    if settings.vpc not in (None, snapshot.vpc.id):
        raise SettingsError(
            f"--ecs-vpc {settings.vpc} and --ecs-snapshot {settings.snapshot} contradict each "
            f"other: that snapshot is of {snapshot.vpc.id}"
        )
    if settings.region not in (None, snapshot.region):
        raise SettingsError(
            f"--ecs-region {settings.region} and --ecs-snapshot {settings.snapshot} contradict "
            f"each other: that snapshot is of {snapshot.region}"
        )
    return snapshot


def told(settings: Settings, source: str, **values: object) -> Settings:
    """Return ``settings`` with ``values`` where the user said nothing, and their source noted."""
    unsaid = {name: value for name, value in values.items() if not getattr(settings, name)}
    sources = {**settings.sources, **dict.fromkeys(unsaid, source)}
    return replace(settings, **unsaid, sources=sources)  # type: ignore[arg-type]  # checked by name


def _command(settings: Settings, place: Place) -> str | None:
    """Return how a later pytest gets at the same AWS; None for the lab's, which ends with it."""
    if settings.lab:
        return None
    profile = f" --ecs-profile {shlex.quote(settings.profile)}" if settings.profile else ""
    return f"pytest --ecs-region {place.source.cloud.region}{profile}"


def _open_exchange(
    place: Place, ledger: "Ledger", tasks: "RunTasks | None", stack: contextlib.ExitStack
) -> Exchange:
    folder = place.folder or private_folder(stack)
    broker = Broker(
        place.plan.terms,
        place.vantages,
        place.absent,
        keys=place.keys,
        notes=ledger,
        watch=place.watch,
        tasks=None if tasks is None else tasks.desk,
    )
    exchange = Exchange(broker, folder / "broker.sock")
    stack.callback(exchange.close)
    return exchange


def _lab_handle(place: Place, exchange: Exchange | None) -> "LabHandle | None":
    if place.own_lab is None:
        return None
    from pytest_ecs_privatelink.plugin.breaking import LabHandle

    return LabHandle(
        laboratory=place.own_lab.laboratory,
        world=place.own_lab.world,
        faults=place.own_lab.faults,
        plan=place.plan,
        exchange=exchange,
    )


def private_folder(stack: contextlib.ExitStack) -> Path:
    """Return a fresh 0700 folder, short enough for socket paths, that ``stack`` removes."""
    folder = tempfile.mkdtemp(prefix="ecs-privatelink-", dir=place_for_sockets())
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
