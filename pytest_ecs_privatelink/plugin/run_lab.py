"""A run in the lab: its own world, or the twin of a VPC that was read or saved."""

import contextlib
from dataclasses import replace

from pytest_ecs_privatelink.lab.corrections import correct
from pytest_ecs_privatelink.lab.faults import Fault
from pytest_ecs_privatelink.lab.laboratory import Laboratory, faults_named
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.run import Place, Source, load_snapshot, told
from pytest_ecs_privatelink.plugin.run_here import read_vpc
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import Cloud
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Basis, LaunchType


def open_lab(settings: Settings, stack: contextlib.ExitStack, *, probing: bool) -> Place:
    """Start the lab, plan, and compile the twin where something is probed."""
    faults = faults_named(settings.faults)
    lab = Laboratory(cloud=settings.own_world, twin=probing)
    stack.callback(lab.close)
    settings, snapshot, source = _look(settings, lab, faults)
    if not probing:
        return Place(plan=_plan(settings, snapshot, ca_file=None), source=source)
    plan = _plan(settings, snapshot, ca_file=str(lab.twin.ca_file))
    subnets = tuple(subnet.id for subnet in plan.terms.subnets)
    twin_faults = tuple(each for fault in faults for each in fault.twin)
    lab.build_twin(snapshot, subnets, plan.terms.task_groups, twin_faults)
    return Place(plan=plan, source=source, vantages=lab.twin.vantages)


def _plan(settings: Settings, snapshot: Snapshot, ca_file: str | None) -> Plan:
    return make_plan(settings, snapshot, basis=Basis.PROBED, ca_file=ca_file)


def _look(
    settings: Settings, lab: Laboratory, faults: tuple[Fault, ...]
) -> tuple[Settings, Snapshot, Source]:
    if settings.own_world:
        own = lab.build_world(faults)
        known = told(
            settings,
            "lab",
            security_groups=own.world.task_groups,
            launch_types=tuple(LaunchType),
        )
        cloud = Cloud(region=own.world.region, endpoint=lab.cloud.endpoint)
        notes = tuple(f"fault {fault.name}" for fault in faults)
        source = Source(
            target="lab",
            cloud=cloud,
            region_source="lab",
            notes=notes,
            api_calls=own.reading.api_calls,
        )
        return known, own.reading.snapshot, source
    if settings.snapshot is not None:
        snapshot = correct(load_snapshot(settings))
        cloud = Cloud(region=snapshot.region, profile=settings.profile)
        notes = (f"twin of {settings.snapshot}",)
        return (
            settings,
            snapshot,
            Source(target="lab", cloud=cloud, region_source="snapshot", notes=notes),
        )
    snapshot, source = read_vpc(settings)
    notes = (f"twin of {snapshot.vpc.id}", *source.notes)
    return settings, snapshot, replace(source, target="lab", notes=notes)
