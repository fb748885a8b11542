"""The header: what is proven, and where each value came from."""

from pytest_ecs_privatelink.plugin.agents import NO_EC2
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.run import Run
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.wearing import others_worn, wearers_of
from pytest_ecs_privatelink.topology.evidence import launch_types_of
from pytest_ecs_privatelink.vantage.instance.template import label_of
from pytest_ecs_privatelink.verdict import Claim, LaunchType

_FLAGS = {
    LaunchType.FARGATE: "--ecs-security-group",
    LaunchType.EC2: "--ecs-instance-security-group",
}
_SETTINGS = {
    "launch_types": "launch_type",
    "security_group": "security_groups",
    "instance_security_group": "instance_security_groups",
}
_WORN = {
    LaunchType.FARGATE: "security groups",
    LaunchType.EC2: "instance security groups",
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
        *(f"{_WORN[kind]} {_groups(plan, kind)}" for kind in plan.launch_types),
        *source.notes,
    ]
    subnets = ", ".join(terms.slugs[subnet.id] for subnet in terms.subnets)
    services = ", ".join(each.service for each in terms.services)
    lines = [
        f"ecs-privatelink: {'; '.join(facts)}",
        f"  subnets: {subnets} ({plan.selection.because})",
        f"  endpoint services: {services} ({_needs_source(plan)})",
    ]
    lines += _reached(run)
    lines += [f"  {each}" for each in unproven_lines(plan)]
    lines += _traces(run)
    if settings.save_snapshot is not None:
        lines.append(f"  snapshot saved: {settings.save_snapshot}")
    lines += [
        f"  not readable: {each.part}, missing permission {each.permission} ({each.error})"
        for each in snapshot.unreadable
    ]
    return lines


def _reached(run: Run) -> list[str]:
    """Say how container instances are reached, and which place each subnet is probed from."""
    settings, slugs = run.part.plan.settings, run.part.plan.terms.slugs
    if settings.connect is None:
        return []
    lent = ", which sign with this run's credentials" if settings.lend_credentials else ""
    lines = [
        f"  container instances reached by {label_of(settings.connect)} "
        f"({settings.sources.get('connect', 'lab')}){lent}"
    ]
    places = [f"{slugs[subnet]} {each.label}" for subnet, each in run.vantages.items()]
    return [*lines, f"  vantages: {', '.join(places)}"] if places else lines


def _traces(run: Run) -> list[str]:
    """Say under which id a killed run can be cleaned up, where it creates anything outside."""
    plan = run.part.plan
    settings = plan.settings
    delivers = Claim.AWSLOGS in settings.claims and Claim.AWSLOGS not in plan.unproven
    probes = run.exchange is not None and bool(run.vantages)
    made = ["log streams"] if delivers and probes else []
    made += ["tasks"] if run.tasks is not None else []
    if settings.lab or settings.read_only or not made:
        return []
    return [
        f"  run {run.id}: its {' and '.join(made)} are removed at the end; "
        f"should it be killed, pytest --ecs-cleanup {run.id} does it"
    ]


def unproven_lines(plan: Plan) -> tuple[str, ...]:
    """Return a line for the claims that have no cell in this run, for each reason."""
    reasons: dict[str, list[str]] = {}
    for claim, why in plan.unproven.items():
        if claim in plan.settings.claims and not _goes_without_saying(plan, claim):
            reasons.setdefault(why, []).append(claim)
    lines = [f"not proven: {', '.join(claims)} ({why})" for why, claims in reasons.items()]
    if plan.started:
        lines += [
            f"not proven: {Claim.TASK_START} of {kind} ({why})"
            for kind, why in plan.tasks.left_out.items()
        ]
    return tuple(lines)


def _goes_without_saying(plan: Plan, claim: Claim) -> bool:
    """Return whether nobody asked for ``claim`` of a run that is about Fargate alone."""
    return plan.unproven[claim] == NO_EC2 and "claims" not in plan.settings.sources


def _source(settings: Settings, name: str) -> str:
    # The lab notes a setting by its own name, where the user names an option.
    return settings.sources.get(name, settings.sources.get(_SETTINGS.get(name, name), "default"))


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


def _groups(plan: Plan, kind: LaunchType) -> str:
    """Return what a launch type's packets leave with, and who said so."""
    flag, settings = _FLAGS[kind], plan.settings
    worn = wearers_of(settings, plan.snapshot)[kind]
    if worn is None:
        return f"unknown ({flag} names them)"
    told = _source(settings, flag.removeprefix("--ecs-").replace("-", "_"))
    others = "; ".join(
        f"{', '.join(each.by)} wear {', '.join(each.groups)}"
        for each in others_worn(settings, plan.snapshot, kind)
    )
    also = f", but {others}: {flag} chooses" if others else ""
    return f"{', '.join(worn)} ({'cluster' if told == 'default' else told}){also}"
