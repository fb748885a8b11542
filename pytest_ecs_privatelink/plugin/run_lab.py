"""A run in the lab: its own world, or the twin of a VPC that was read or saved."""

import contextlib
from dataclasses import dataclass, replace

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.lab.faults import Fault
from pytest_ecs_privatelink.lab.laboratory import Laboratory, faults_named
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.plugin.keys import keys_of
from pytest_ecs_privatelink.plugin.lab_instances import as_the_lab_can, open_lab_instances
from pytest_ecs_privatelink.plugin.plan import make_plan
from pytest_ecs_privatelink.plugin.run import OwnLab, Place, Source, load_snapshot, told
from pytest_ecs_privatelink.plugin.run_here import read_vpc
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import Cloud
from pytest_ecs_privatelink.plugin.tasks import tasks_for
from pytest_ecs_privatelink.targets.agent_watch import AgentWatch
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import CALLING_CLAIMS, Basis, Claim

_NO_CLOUD = "the twin of a VPC has its network, not the services behind it"


@dataclass(frozen=True, slots=True)
class _Looked:
    """What there is to rehearse; ``world`` only where the lab built it."""

    settings: Settings
    snapshot: Snapshot
    source: Source
    world: World | None = None


def open_lab(settings: Settings, stack: contextlib.ExitStack, *, probing: bool) -> Place:
    """Start the lab, plan, and compile the twin where something is probed."""
    settings = as_the_lab_can(settings)
    faults = faults_named(settings.faults)
    lab = Laboratory(cloud=settings.own_world, twin=probing)
    stack.callback(lab.close)
    looked = _look(settings, lab, faults)
    plan = make_plan(
        looked.settings,
        looked.snapshot,
        basis=Basis.PROBED,
        ca_file=str(lab.ca_file) if probing else None,
    )
    if looked.world is None:
        plan = plan.without(dict.fromkeys((*CALLING_CLAIMS, Claim.TASK_START), _NO_CLOUD))
    own_lab = OwnLab(laboratory=lab, world=looked.world, faults=faults) if looked.world else None
    if not probing:
        return Place(plan=plan, source=looked.source, session=lab.session, own_lab=own_lab)
    subnets = tuple(subnet.id for subnet in plan.terms.subnets)
    twin_faults = tuple(each for fault in faults for each in fault.twin)
    lab.build_twin(plan.snapshot, subnets, plan.terms.wearers, twin_faults)
    source = replace(looked.source, notes=(*looked.source.notes, *lab.twin.caveats))
    places = open_lab_instances(lab, plan)
    return Place(
        plan=plan,
        source=source,
        session=lab.session,
        vantages=places.vantages,
        absent=places.absent,
        own_lab=own_lab,
        keys=keys_of(lab.session) if own_lab else None,
        watch=AgentWatch(lab.session, plan.snapshot.region) if own_lab else None,
        tasks=tasks_for(plan, lab.session) if own_lab else None,
        folder=lab.folder,
    )


def _look(settings: Settings, lab: Laboratory, faults: tuple[Fault, ...]) -> _Looked:
    if settings.own_world:
        return _look_at_own_world(settings, lab, faults)
    if settings.snapshot is not None:
        snapshot = load_snapshot(settings)  # saved corrected: what was edited since stays
        cloud = Cloud(region=snapshot.region, profile=settings.profile)
        notes = (f"twin of {settings.snapshot}",)
        source = Source(target="lab", cloud=cloud, region_source="snapshot", notes=notes)
        return _Looked(settings, snapshot, source)
    snapshot, source = read_vpc(settings)
    told_of = f"twin of {snapshot.vpc.id}"
    source = replace(source, target="lab", notes=(told_of, *source.notes))
    return _Looked(settings, snapshot, source)


def _look_at_own_world(settings: Settings, lab: Laboratory, faults: tuple[Fault, ...]) -> _Looked:
    own = lab.build_world(faults)
    if settings.region not in (None, own.world.region):
        raise SettingsError(
            f"--ecs-region {settings.region}: the lab's own world is in {own.world.region}"
        )
    known = told(
        settings,
        "lab",
        cluster=own.world.workload.cluster if own.world.workload else None,
    )
    source = Source(
        target="lab",
        cloud=Cloud(region=own.world.region, endpoint=lab.cloud.endpoint),
        region_source="lab",
        notes=tuple(f"fault {fault.name}" for fault in faults),
        api_calls=own.reading.api_calls,
    )
    return _Looked(known, own.reading.snapshot, source, own.world)
