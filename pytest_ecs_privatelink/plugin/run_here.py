"""A run on this machine: it stands in one subnet of the VPC, or in none and then sends nothing."""

import contextlib
import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.lab.corrections import correct
from pytest_ecs_privatelink.plugin.clouds import open_cloud
from pytest_ecs_privatelink.plugin.keys import keys_of, tasks_unsigned, unsigned
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.reaching import reach_instances
from pytest_ecs_privatelink.plugin.run import Place, Source, load_snapshot
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import Cloud
from pytest_ecs_privatelink.plugin.tasks import tasks_for, tasks_overladen
from pytest_ecs_privatelink.targets.agent_watch import AgentWatch
from pytest_ecs_privatelink.targets.aws import OpenedSession, open_session
from pytest_ecs_privatelink.targets.trust import ca_bundle
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.reader import read_snapshot
from pytest_ecs_privatelink.vantage.local import LocalVantage
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.vantage.whereabouts import Whereabouts, find_local_subnet
from pytest_ecs_privatelink.verdict import Basis

if TYPE_CHECKING:
    import boto3


def open_here(settings: Settings, stack: contextlib.ExitStack, *, probing: bool) -> Place:
    """Read or load the VPC, plan, and find out where this machine stands."""
    snapshot, source = _look(settings)
    bundle = trusted, trusted_by = ca_bundle(os.environ)
    plan = make_plan(settings, snapshot, basis=Basis.PROBED, ca_file=trusted)
    session = functools.partial(open_cloud, source.cloud)
    if not probing:
        return Place(plan=plan, source=source, session=session)
    vantages, absent = _vantages(settings, plan, session, stack)
    keys = keys_of(session)
    # Where nothing is sent, or nothing of ours, no metadata service is asked for credentials.
    if vantages and not any(each.own_credentials for each in vantages.values()):
        plan = plan.without(unsigned(keys, plan))
    plan = plan.without(tasks_unsigned(keys, plan) or tasks_overladen(bundle, plan))
    return Place(
        plan=plan,
        source=source,
        session=session,
        vantages=vantages,
        absent=absent,
        logs=logs_at(snapshot),
        keys=keys,
        watch=AgentWatch(session, snapshot.region),
        tasks=tasks_for(plan, session, hosts_trust=trusted if trusted_by == "botocore" else None),
    )


def logs_at(snapshot: Snapshot) -> str | None:
    """Return the URL at which traces are in CloudWatch Logs; None: where the session finds it.

    What ran in an emulated AWS left nothing in the real one, which then is not asked.
    """
    return None if snapshot.emulated else f"https://{host_names('logs', snapshot.region)[0]}"


def read_vpc(settings: Settings) -> tuple[Snapshot, Source]:
    """Read ``--ecs-vpc`` from AWS, or from the emulator that ``AWS_ENDPOINT_URL`` names."""
    assert settings.vpc is not None
    ini = settings.sources.get("profile") == "ini"
    opened = open_session(
        profile=settings.profile,
        region=settings.region,
        profile_named_by="ecs_profile" if ini else "--ecs-profile",
    )
    reading = read_snapshot(
        opened.session,
        settings.vpc,
        region=opened.region,
        emulated=opened.emulated,
        cluster=settings.cluster,
        ecs_services=settings.ecs_services,
    )
    source = Source(
        target="aws",
        cloud=Cloud(region=opened.region, profile=settings.profile),
        region_source=settings.sources.get("region", opened.region_source),
        notes=_notes(opened, settings),
        api_calls=reading.api_calls,
    )
    return correct(reading.snapshot), source


def _vantages(
    settings: Settings,
    plan: Plan,
    session: "Callable[[], boto3.Session]",
    stack: contextlib.ExitStack,
) -> tuple[dict[str, Vantage], dict[str, str]]:
    """Return the vantages by subnet: container instances, and this machine where none stands."""
    vantages: dict[str, Vantage] = {}
    absent: dict[str, str] = {}
    if settings.connect is not None:
        opened = reach_instances(settings, plan, session, stack)
        vantages.update(opened.vantages)
        absent.update(opened.absent)
    if settings.connect is not None and not absent:
        return vantages, absent
    snapshot = plan.snapshot
    whereabouts = find_local_subnet(snapshot, explicit=settings.local_subnet, environ=os.environ)
    here = whereabouts.subnet
    if here is not None and here not in vantages:
        vantages[here] = LocalVantage(subnet=here, groups=whereabouts.groups)
        absent.pop(here, None)
    reason = _absence(whereabouts, snapshot)
    for subnet in plan.terms.subnets:
        if subnet.id not in vantages:
            absent.setdefault(subnet.id, reason)
    return vantages, absent


def _notes(opened: OpenedSession, settings: Settings) -> tuple[str, ...]:
    notes = []
    if source := settings.sources.get("profile", opened.profile_source):
        notes.append(f"profile {opened.profile} ({source})")
    if opened.emulated:
        notes.append(f"emulated AWS at {opened.endpoint_url}")
    if opened.proxy is not None:
        notes.append(f"AWS is read through the proxy {opened.proxy}")
    return tuple(notes)


def _look(settings: Settings) -> tuple[Snapshot, Source]:
    if settings.snapshot is None:
        return read_vpc(settings)
    snapshot = load_snapshot(settings)  # saved corrected: what was edited since stays
    cloud = Cloud(region=settings.region or snapshot.region, profile=settings.profile)
    notes = (f"snapshot {settings.snapshot} of {snapshot.taken}",)
    return snapshot, Source(target="aws", cloud=cloud, region_source="snapshot", notes=notes)


def _absence(whereabouts: Whereabouts, snapshot: Snapshot) -> str:
    if whereabouts.subnet is not None:
        return f"no vantage: this machine stands in {whereabouts.subnet}"
    why = "; ".join(whereabouts.reasons)
    return f"no vantage: this machine does not stand in {snapshot.vpc.id} ({why})"
