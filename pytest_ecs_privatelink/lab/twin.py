"""The twin, as its controller holds it: start it, hand it a plan, ask from it, end it."""

import shutil
import sys
import tempfile
from pathlib import Path

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.sockets import (
    ca_path,
    machine_path,
    socket_path,
    ssh_path,
    tasks_path,
)
from pytest_ecs_privatelink.lab.twin_plan import Guise, PlannedHost, TwinPlan
from pytest_ecs_privatelink.lab.twin_process import TwinProcess
from pytest_ecs_privatelink.records import to_json
from pytest_ecs_privatelink.vantage.remote import RemoteVantage
from pytest_ecs_privatelink.vantage.sockets import place_for_sockets


def check_kernel(timeout: float = 20.0) -> None:
    """Raise `LabError` where no twin can run here: one line on what is missing and ways around.

    A process tries each thing that a kernel, its policy or a container may refuse.
    """
    _refuse_other_systems()
    process = TwinProcess()
    try:
        process.await_reply(timeout)
    finally:
        process.close()


class Twin:
    """A VPC of kernel namespaces; whatever happens to its controller, it ends with it.

    Made by `launch`. Its attributes tell nothing before `build` has returned: ``vantages`` by
    subnet, ``machines`` (where container instances run commands) by EC2 id, ``ssh`` (where their
    OpenSSH servers are) by private address and by EC2 id, ``task_places`` (where ECS can have tasks
    run, as JSON for `sockets.task_places_path`) by subnet.
    """

    def __init__(self, process: TwinProcess, folder: Path) -> None:
        self.vantages: dict[str, RemoteVantage] = {}
        self.machines: dict[str, Path] = {}
        self.ssh: dict[str, Path] = {}
        self.task_places: dict[str, object] = {}
        self.resolver = ""
        self.caveats: tuple[str, ...] = ()
        self._process = process
        self._folder = folder

    @classmethod
    def launch(cls, parent: Path | None = None) -> "Twin":
        """Start the twin's process and return at once: its imports overlap with what comes next.

        Its folder is made in ``parent``, which it removes where its controller was killed. Raises
        `LabError` on systems without namespaces, or where no process can be started; refusals of
        this one's kernel come later.
        """
        _refuse_other_systems()
        folder = Path(tempfile.mkdtemp(prefix="ecs-twin-", dir=parent or place_for_sockets()))
        folders = (folder,) if parent is None else (folder, parent)
        try:
            return cls(TwinProcess(*map(str, folders)), folder)
        except LabError:
            folder.rmdir()
            raise

    @property
    def pid(self) -> int:
        """The process that all others of the twin end with."""
        return self._process.pid

    @property
    def folder(self) -> Path:
        """The private folder with the twin's sockets."""
        return self._folder

    @property
    def ca_file(self) -> Path:
        """The PEM file to trust: the authority of all the twin's servers, the public ones too."""
        return ca_path(self._folder)

    def build(self, plan: TwinPlan, timeout: float = 20.0) -> None:
        """Make the network of ``plan``; return when every host and server is ready.

        Raises `LabError` where the kernel refuses, or after ``timeout`` seconds. Once per twin.
        """
        self._process.request(to_json(plan))
        self._process.await_reply(timeout)
        self.resolver = plan.resolver.addresses[0]
        self.caveats = plan.caveats
        agents = {i: host.agent for i, host in enumerate(plan.hosts) if host.agent is not None}
        self.machines = {
            agent.instance: machine_path(self._folder, i) for i, agent in agents.items()
        }
        self.ssh = {
            name: ssh_path(self._folder, i)
            for i, agent in agents.items()
            for name in (agent.address, agent.instance)
            if name is not None
        }
        self.task_places = {
            host.subnet: {
                "path": str(tasks_path(self._folder, i)),
                "places": [_place(each) for each in host.tasks],
            }
            for i, host in enumerate(plan.hosts)
            if host.tasks
        }
        self.vantages = {
            host.subnet: RemoteVantage(
                path=str(socket_path(self._folder, i)),
                label=f"lab:{host.subnet}",
                subnet=host.subnet,
                groups=_worn(host),
                instances=() if host.agent is None else (host.agent.instance,),
                wearers={kind: each.groups for each in host.guises for kind in each.launch_types},
            )
            for i, host in enumerate(plan.hosts)
        }

    def refilter(self, plan: TwinPlan, timeout: float = 20.0) -> None:
        """Put ``plan``'s packet filters in force, at once and whole; all else stays as built.

        Connections that are open keep the state that let them in.
        """
        self._process.request(to_json(plan.chains))
        self._process.await_reply(timeout)

    def close(self) -> None:
        """End every process and namespace and remove the folder; closing twice is harmless."""
        # In this order: a process that still finds its folder takes its controller for killed.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._process.close()

    def __enter__(self) -> "Twin":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _place(guise: Guise) -> dict[str, object]:
    worn = None if guise.groups is None else sorted(guise.groups)
    return {"address": guise.address, "groups": worn, "launch_types": [*guise.launch_types]}


def _worn(host: PlannedHost) -> tuple[str, ...] | None:
    """Return all groups that a host wears in one guise or another, sorted."""
    known = [guise.groups for guise in host.guises if guise.groups is not None]
    return tuple(sorted({group for groups in known for group in groups})) if known else None


def _refuse_other_systems() -> None:
    if sys.platform != "linux":
        raise LabError(
            f"the lab's network is made of Linux namespaces, and this is {sys.platform}: judge the"
            " snapshot alone with --ecs-claims audit, or run on a Linux machine"
        )
