"""From settings and a snapshot to what the run is about. Pure: every process plans alike."""

import ipaddress
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from pytest_ecs_privatelink.audits.register import judge
from pytest_ecs_privatelink.audits.scene import Scene, Unseen, scene_of
from pytest_ecs_privatelink.catalogue.agents import STANDS_AT
from pytest_ecs_privatelink.catalogue.requirements import (
    Need,
    Requirement,
    tested,
)
from pytest_ecs_privatelink.claims.terms import Terms
from pytest_ecs_privatelink.diagnosis.causes import blamed, suspect
from pytest_ecs_privatelink.diagnosis.reach import blame
from pytest_ecs_privatelink.plugin.agents import agent_subnets, agents_unproven
from pytest_ecs_privatelink.plugin.asked import refuse_unknown_groups, with_cluster_asked
from pytest_ecs_privatelink.plugin.errands import (
    Carried,
    carried,
    errands_of,
    replaced_by,
    unproven,
    with_options,
)
from pytest_ecs_privatelink.plugin.needed import existing, requirements_of, usual_launch_types
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.task_cells import Tasks, tasks_of, tasks_unproven
from pytest_ecs_privatelink.plugin.under_test import service_under_test
from pytest_ecs_privatelink.plugin.wearing import others_worn, wearers_of
from pytest_ecs_privatelink.topology.egress import egress_of
from pytest_ecs_privatelink.topology.evidence import (
    features_of,
    launch_types_of,
    subnets_of,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.selection import Selection, slugs, subnets_under_test
from pytest_ecs_privatelink.verdict import (
    CHAIN_CLAIMS,
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    LaunchType,
)


# No slots: what every test looks up is kept with it.
@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is about: the subnets and services under test, and what audits already know.

    ``unproven`` says of claims that have no cell in this run why that is; ``agents`` are the ids
    of the subnets in which the claim about container agents has one; ``tasks`` says where one-off
    tasks are started.
    """

    settings: Settings
    selection: Selection
    launch_types: tuple[LaunchType, ...]
    requirements: tuple[Requirement, ...]
    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    terms: Terms
    unproven: Mapping[Claim, str] = field(default_factory=dict)
    agents: frozenset[str] = frozenset()
    tasks: Tasks = field(default_factory=Tasks)

    @property
    def snapshot(self) -> Snapshot:
        """The VPC under test."""
        return self.terms.snapshot

    def without(self, unproven: Mapping[Claim, str]) -> "Plan":
        """Return the plan of a run that cannot prove these claims either, and why."""
        asked = {claim: why for claim, why in unproven.items() if claim in self.settings.claims}
        return replace(self, unproven={**self.unproven, **asked})

    def needs(self, service: str) -> bool:
        """Return whether ``service`` counts among the required cells."""
        return self.terms.service(service).need is not Need.POSSIBLE

    def carries(self, claim: Claim, service: str) -> bool:
        """Return whether ``claim`` has cells at ``service``: path claims do at every one."""
        if claim in self.unproven or claim is Claim.TASK_START:
            return False
        if claim is Claim.AGENT:
            return service == STANDS_AT
        return claim not in CHAIN_CLAIMS or (claim, service) in self._carried

    def stands(self, claim: Claim, subnet: str) -> bool:
        """Return whether ``claim`` has cells in ``subnet`` (an id): most have in every one."""
        return claim is not Claim.AGENT or subnet in self.agents

    @property
    def started(self) -> tuple[tuple[str, LaunchType], ...]:
        """Subnet (id) and launch type of each one-off task, in order of slugs; none: left out."""
        if Claim.TASK_START in self.unproven:
            return ()
        return tuple(sorted(self.tasks.cells, key=lambda each: (self.terms.slugs[each[0]], each)))

    @cached_property
    def _carried(self) -> Carried:
        return carried(self.terms.errands, (each.service for each in self.terms.services))

    def is_unused(self, subnet: str) -> bool:
        """Return whether the cluster runs in this VPC, and nothing of it in ``subnet`` (an id)."""
        return bool(self._used) and subnet not in self._used

    @cached_property
    def _used(self) -> frozenset[str]:
        return subnets_of(self.snapshot)

    @cached_property
    def blamed(self) -> Mapping[Cell, Finding]:
        """By cell: the finding that a failure of it is likeliest due to."""
        return blamed(self.findings)

    def blame(self, check: Check) -> Finding | None:
        """Return the finding that a failure of ``check`` is likeliest due to, if there is any."""
        cell = check.cell
        if cell is None or cell.claim is not Claim.TASK_START:
            return None if cell is None else self.blamed.get(cell)
        return suspect(check, self.findings)

    @cached_property
    def accepted(self) -> Mapping[Cell, Code]:
        """By cell: the code of the accepted finding (``--ecs-ignore``) that blocks it."""
        taken = (each for each in self.findings if self.settings.accepts(each.code, each.subject))
        return {cell: finding.code for cell, finding in blame(taken).items()}

    @cached_property
    def heads(self) -> Mapping[tuple[Code, str], tuple[Finding, ...]]:
        """The findings by code and subject; several where subnets differ in severity."""
        alike: dict[tuple[Code, str], list[Finding]] = defaultdict(list)
        for finding in self.findings:
            alike[finding.code, finding.subject].append(finding)
        return {head: tuple(found) for head, found in alike.items()}


def make_plan(settings: Settings, snapshot: Snapshot, *, basis: Basis, ca_file: str | None) -> Plan:
    """Return the plan; `SettingsError` where an option names what is not there."""
    snapshot = with_cluster_asked(settings, snapshot)
    selection = subnets_under_test(snapshot, settings.subnets)
    refuse_unknown_groups(settings, snapshot)
    launch_types = settings.launch_types or launch_types_of(snapshot)
    launch_types = launch_types or usual_launch_types(snapshot)
    features = with_options(features_of(snapshot), settings, launch_types)
    registries = features.registries or (snapshot.vpc.owner,)
    requirements = requirements_of(settings, snapshot, launch_types, features)
    terms = replace(
        _terms(settings, snapshot, selection, launch_types, basis),
        services=tuple(
            service_under_test(each, snapshot, registries)
            for each in tested(requirements, existing(snapshot))
        ),
        ca_file=ca_file,
    )
    agents = agent_subnets(terms, launch_types)
    tasks = tasks_of(settings, terms, launch_types)
    scene = replace(
        _scene(settings, terms, requirements, launch_types, registries),
        agents=agents,
        tasks=tasks.cells if Claim.TASK_START in settings.claims else frozenset(),
        own_definition=settings.task_definition is not None,
    )
    findings, unseen = judge(scene)
    return Plan(
        settings=settings,
        selection=selection,
        launch_types=launch_types,
        requirements=requirements,
        findings=findings,
        unseen=unseen,
        terms=terms,
        unproven={
            **unproven(settings, terms.errands, (each.service for each in terms.services)),
            **agents_unproven(settings, terms, launch_types),
            **tasks_unproven(settings, tasks),
        },
        agents=agents,
        tasks=tasks,
    )


def _terms(
    settings: Settings,
    snapshot: Snapshot,
    selection: Selection,
    launch_types: tuple[LaunchType, ...],
    basis: Basis,
) -> Terms:
    """Return the terms, still without services."""
    return Terms(
        snapshot=snapshot,
        subnets=selection.subnets,
        slugs=slugs(selection.subnets),
        egress={subnet.id: egress_of(snapshot, subnet.id) for subnet in selection.subnets},
        services=(),
        resolvers=(_vpc_resolver(snapshot),),
        timeout=settings.timeout,
        basis=basis,
        require_private=settings.require_private,
        wearers=wearers_of(settings, snapshot),
        others={
            kind: tuple(each.groups for each in others_worn(settings, snapshot, kind))
            for kind in launch_types
        },
        errands=errands_of(settings, snapshot),
    )


def _scene(
    settings: Settings,
    terms: Terms,
    requirements: tuple[Requirement, ...],
    launch_types: tuple[LaunchType, ...],
    registries: tuple[str, ...],
) -> Scene:
    return scene_of(
        terms.snapshot,
        subnets=terms.subnets,
        requirements=requirements,
        launch_types=launch_types,
        registries=registries,
        require_private=settings.require_private,
        wearers=terms.wearers,
        others=terms.others,
        chains=carried(terms.errands, (each.service for each in terms.services)),
        writes=not settings.read_only,
        replaced=replaced_by(settings),
    )


def _vpc_resolver(snapshot: Snapshot) -> str:
    """Return the VPC's base+2 address [VPC User Guide, "Amazon DNS server"]."""
    return str(ipaddress.ip_network(snapshot.vpc.cidrs[0]).network_address + 2)
