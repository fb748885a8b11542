"""The header: what is proven, and where each value came from."""

from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.run import Run
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.wearing import others_worn, probed_as, wearers_of
from pytest_ecs_privatelink.topology.evidence import launch_types_of
from pytest_ecs_privatelink.verdict import LaunchType

_FLAGS = {
    LaunchType.FARGATE: "--ecs-security-group",
    LaunchType.EC2: "--ecs-instance-security-group",
}


def header_lines(run: Run) -> list[str]:
    """Return the header's lines, each value with its source in parentheses."""
    plan = run.part.plan
    settings, snapshot, terms = plan.settings, plan.snapshot, plan.terms
    source = run.source
    switch = next((each for each in ("lab", "vpc", "snapshot") if each in settings.sources), "vpc")
    facts = [
        f"target {source.target} ({settings.sources.get(switch, 'default')})",
        f"region {snapshot.region} ({source.region_source})",
        f"vpc {snapshot.vpc.id} {', '.join(snapshot.vpc.cidrs)}",
        *_cluster(plan),
        f"launch types {', '.join(plan.launch_types)} ({_launch_types_source(plan)})",
        f"security groups {_groups(plan)}",
        *source.notes,
    ]
    subnets = ", ".join(terms.slugs[subnet.id] for subnet in terms.subnets)
    services = ", ".join(each.service for each in terms.services)
    lines = [
        f"ecs-privatelink: {'; '.join(facts)}",
        f"  subnets: {subnets} ({plan.selection.because})",
        f"  endpoint services: {services} ({_needs_source(plan)})",
    ]
    if settings.save_snapshot is not None:
        lines.append(f"  snapshot saved: {settings.save_snapshot}")
    lines += [
        f"  not readable: {each.part}, missing permission {each.permission} ({each.error})"
        for each in snapshot.unreadable
    ]
    return lines


def _source(settings: Settings, name: str) -> str:
    option = {"launch_types": "launch_type", "security_groups": "security_group"}.get(name, name)
    return settings.sources.get(name, settings.sources.get(option, "default"))


def _cluster(plan: Plan) -> list[str]:
    cluster = plan.snapshot.cluster
    if cluster is None:
        return []
    source = plan.settings.sources.get("cluster", "snapshot")
    only = ", ".join(plan.settings.ecs_services)
    return [f"cluster {cluster.name} ({source}){only and f', of it {only}'}"]


def _launch_types_source(plan: Plan) -> str:
    told = _source(plan.settings, "launch_types")
    return "cluster" if told == "default" and launch_types_of(plan.snapshot) else told


def _needs_source(plan: Plan) -> str:
    told = _source(plan.settings, "need")
    return "cluster" if told == "default" and plan.snapshot.cluster else told


def _groups(plan: Plan) -> str:
    settings, probed = plan.settings, probed_as(plan.launch_types)
    worn = wearers_of(settings, plan.snapshot)[probed]
    if worn is None:
        return f"unknown ({_FLAGS[probed]} names them)"
    told = _source(settings, _FLAGS[probed].removeprefix("--ecs-").replace("-", "_"))
    others = "; ".join(
        f"{', '.join(each.by)} wear {', '.join(each.groups)}"
        for each in others_worn(settings, plan.snapshot, probed)
    )
    also = f", but {others}: {_FLAGS[probed]} chooses" if others else ""
    return f"{', '.join(worn)} ({'cluster' if told == 'default' else told}){also}"
