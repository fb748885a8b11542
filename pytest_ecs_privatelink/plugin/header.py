"""The header: what is proven, and where each value came from."""

from pytest_ecs_privatelink.plugin.run import Run
from pytest_ecs_privatelink.plugin.settings import Settings


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
        f"launch types {', '.join(plan.launch_types)} ({_source(settings, 'launch_types')})",
        f"security groups {_groups(settings)}",
        *source.notes,
    ]
    subnets = ", ".join(terms.slugs[subnet.id] for subnet in terms.subnets)
    services = ", ".join(each.service for each in terms.services)
    lines = [
        f"ecs-privatelink: {'; '.join(facts)}",
        f"  subnets: {subnets} ({plan.selection.because})",
        f"  endpoint services: {services} ({_source(settings, 'need')})",
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


def _groups(settings: Settings) -> str:
    if not settings.security_groups:
        return "unknown (--ecs-security-group names them)"
    return f"{', '.join(settings.security_groups)} ({_source(settings, 'security_groups')})"
