"""The lab of one run: a cloud where it builds its own world, and the twin of whatever was read."""

import contextlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.lab.cloud import REGION, Cloud
from pytest_ecs_privatelink.lab.corrections import correct
from pytest_ecs_privatelink.lab.faults import FAULTS, Fault
from pytest_ecs_privatelink.lab.openssh import client_config, is_installed
from pytest_ecs_privatelink.lab.plan import Host, compile_plan
from pytest_ecs_privatelink.lab.sockets import machines_path, task_places_path
from pytest_ecs_privatelink.lab.twin import Twin
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.world import World, build_world
from pytest_ecs_privatelink.topology.evidence import registries_of
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.reader import Reading, read_snapshot
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.vantage.sockets import place_for_sockets

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWorld:
    """The lab's own world as the ordinary reader sees it, with its faults in it."""

    world: World
    reading: Reading


class Laboratory:
    """Starts the lab's processes at once and ends them together.

    ``cloud`` says whether the lab needs one of its own, ``twin`` whether anything will be probed.
    ``folder`` is private and short enough for sockets; it goes also where this process is killed.
    Raises `LabError` where this machine cannot hold a lab.
    """

    def __init__(self, *, cloud: bool, twin: bool) -> None:
        with contextlib.ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="ecs-lab-", dir=place_for_sockets()))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._twin = Twin.launch(self.folder) if twin else None
            stack.callback(self._close_twin)
            self._cloud = Cloud.launch(self.cloud_socket) if cloud else None
            if self._cloud is not None:
                stack.callback(self._cloud.close)
            self._stack = stack.pop_all()

    @property
    def ca_file(self) -> Path:
        """The authority of all its servers, from `build_twin` on; its path stays the same."""
        return self.folder / "ca.pem"

    @property
    def ssh_config(self) -> Path:
        """How ssh gets at its container instances, from `build_twin` on, where it is installed."""
        return self.folder / "ssh_config"

    @property
    def cloud_socket(self) -> Path:
        """Where its cloud, if it has one, answers the twin's servers."""
        return self.folder / "cloud.sock"

    @property
    def cloud(self) -> Cloud:
        """The lab's own cloud; `SettingsError` where somebody else's VPC is probed."""
        if self._cloud is None:
            raise SettingsError(
                "this lab rehearses a VPC that was read: it has no cloud of its own"
            )
        return self._cloud

    @property
    def twin(self) -> Twin:
        """The network; `SettingsError` where nothing is probed."""
        if self._twin is None:
            raise SettingsError("nothing is probed in this run: the lab has no twin")
        return self._twin

    def session(self) -> "boto3.Session":
        """Return a session for the lab's own cloud."""
        return self.cloud.session()

    def build_world(self, faults: tuple[Fault, ...]) -> OwnWorld:
        """Seed the healthy world, break it by ``faults``, and read it as any VPC is read."""
        self.cloud.wait()
        session = self.session()
        world = build_world(session)
        for fault in faults:
            if fault.break_cloud is not None:
                fault.break_cloud(world, session)
        return OwnWorld(world=world, reading=self.read(world, faults))

    def read(self, world: World, faults: tuple[Fault, ...] = ()) -> Reading:
        """Read the lab's world again, corrected, with what ``faults`` edit into it."""
        reading = read_snapshot(
            self.session(),
            world.vpc_id,
            region=REGION,
            emulated=True,
            cluster=world.workload.cluster if world.workload else None,
        )
        snapshot = correct(reading.snapshot)
        for fault in faults:
            if fault.edit is not None:
                snapshot = fault.edit(snapshot, world)
        return Reading(snapshot=snapshot, api_calls=reading.api_calls)

    def build_twin(
        self,
        snapshot: Snapshot,
        subnets: tuple[str, ...],
        wearers: Wearers,
        faults: tuple[TwinFault, ...] = (),
        cloud: Path | None = None,
    ) -> None:
        """Compile ``snapshot`` into the kernel; each subnet's host dresses as ``wearers`` do.

        Its servers turn to the lab's cloud, else to the one at the Unix socket ``cloud``.
        """
        socket = cloud if self._cloud is None else self.cloud_socket
        plan = compile_plan(
            snapshot,
            hosts=tuple(Host(subnet=subnet, wearers=wearers) for subnet in subnets),
            registries=registries_of(snapshot),
            faults=faults,
            cloud=None if socket is None else str(socket),
            tasks=self._cloud is not None,
        )
        self.twin.build(plan)
        shutil.copyfile(self.twin.ca_file, self.ca_file)
        _replace(machines_path(self.folder), json.dumps(self.twin.machines, default=str))
        _replace(task_places_path(self.folder), json.dumps(self.twin.task_places))
        if is_installed():
            _replace(self.ssh_config, client_config(self.twin.folder, self.twin.ssh))

    def renew_twin(self) -> None:
        """End the twin and start an empty one in its place."""
        self.twin.close()
        self._twin = Twin.launch(self.folder)

    def close(self) -> None:
        """End everything; closing twice is harmless."""
        self._stack.close()

    def _close_twin(self) -> None:
        if self._twin is not None:
            self._twin.close()


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole: whoever reads it meanwhile finds the old one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def faults_named(names: tuple[str, ...]) -> tuple[Fault, ...]:
    """Return the faults of these names; `SettingsError` lists the legal ones."""
    for name in names:
        if name not in FAULTS:
            raise SettingsError(
                f"--ecs-fault {name!r}: there is none; choose from {', '.join(FAULTS)}"
            )
    return tuple(FAULTS[name] for name in names)
