"""Every audit, with the codes that it may raise; one only says what others cannot see."""

from collections.abc import Iterable
from dataclasses import replace

from pytest_ecs_privatelink.audits import (
    agents,
    az_coverage,
    cross_region,
    ecs_endpoints,
    endpoint_group,
    free_addresses,
    hidden_endpoints,
    hub_routes,
    image_registries,
    missing,
    mounts,
    nacl,
    not_available,
    private_dns_off,
    public_paths,
    resolver_path,
    s3_interface,
    s3_routes,
    service_connect,
    task_group,
    vpc_dns,
    wrong_region,
    zones,
)
from pytest_ecs_privatelink.audits.chain_cells import with_chain_cells
from pytest_ecs_privatelink.audits.policies import endpoints as endpoint_policies
from pytest_ecs_privatelink.audits.policies import env_files, roles
from pytest_ecs_privatelink.audits.policies import s3_gateway as s3_policy
from pytest_ecs_privatelink.audits.scene import Audit, Scene, Unseen
from pytest_ecs_privatelink.audits.task_cells import with_task_cells
from pytest_ecs_privatelink.topology.evidence import subnets_of
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

AUDITS: tuple[tuple[tuple[Code, ...], Audit], ...] = (
    (missing.CODES, missing.missing),
    ((Code.ENDPOINT_NOT_AVAILABLE,), not_available.not_available),
    ((Code.S3_INTERFACE_ONLY,), s3_interface.s3_interface_only),
    ((Code.ENDPOINT_WRONG_REGION,), wrong_region.wrong_region),
    ((Code.ECS_ENDPOINTS_INCOMPLETE,), ecs_endpoints.ecs_endpoints_incomplete),
    ((Code.SERVICE_CONNECT_PUBLIC,), service_connect.service_connect_public),
    (agents.CODES, agents.agents),
    (cross_region.CODES, cross_region.cross_region),
    ((Code.IMAGE_REGISTRY_PUBLIC,), image_registries.image_registry_public),
    ((Code.EFS_MOUNT_UNREACHABLE,), mounts.efs_mount_unreachable),
    ((Code.VPC_DNS_SUPPORT_OFF,), vpc_dns.dns_support_off),
    ((Code.VPC_DNS_HOSTNAMES_OFF,), vpc_dns.dns_hostnames_off),
    ((Code.ENDPOINT_PRIVATE_DNS_OFF,), private_dns_off.private_dns_off),
    ((Code.PHZ_SHADOWS_NAME,), zones.zone_shadows),
    ((Code.DHCP_CUSTOM_DNS,), resolver_path.dhcp_custom_dns),
    ((Code.RESOLVER_RULE_CAPTURES_NAME,), resolver_path.rule_captures),
    ((Code.DNS_FIREWALL_BLOCKS,), resolver_path.firewall_may_block),
    ((Code.ENDPOINT_ROUTE_MISSING,), hub_routes.route_missing),
    ((Code.ENDPOINT_POLICY_DENIES,), endpoint_policies.endpoint_policy_denies),
    ((Code.S3_GATEWAY_POLICY,), s3_policy.s3_gateway_policy),
    ((Code.ROLE_CONDITION_MISMATCH,), roles.role_condition_mismatch),
    ((Code.ENV_FILE_BUCKET_DENIED,), env_files.env_file_bucket_denied),
    ((Code.ENDPOINT_SG_INGRESS,), endpoint_group.endpoint_sg_ingress),
    ((Code.TASK_SG_EGRESS,), task_group.task_sg_egress),
    ((Code.TASK_SG_EGRESS_S3,), task_group.task_sg_egress_s3),
    ((Code.NACL_BLOCKS,), nacl.nacl_blocks),
    ((Code.ENDPOINT_AZ_UNCOVERED,), az_coverage.endpoint_az_uncovered),
    (s3_routes.CODES, s3_routes.s3_routes),
    (public_paths.CODES, public_paths.public_paths),
    ((Code.SUBNET_ADDRESSES_EXHAUSTED,), free_addresses.addresses_exhausted),
    ((), hidden_endpoints.unseen_endpoints),
)


def judge(scene: Scene) -> tuple[tuple[Finding, ...], tuple[Unseen, ...]]:
    """Return what `run_audits` and `unseen` do, having run each audit once."""
    said = [each for _, audit in AUDITS for each in audit(scene)]
    used = subnets_of(scene.snapshot)
    blocked = (with_chain_cells(each, scene) for each in said if isinstance(each, Finding))
    findings = (_by_use(each, used, scene.snapshot) for each in blocked)
    found = sorted((with_task_cells(each, scene) for each in findings), key=_gravity)
    return tuple(found), _joined(each for each in said if isinstance(each, Unseen))


def _joined(blind: Iterable[Unseen]) -> tuple[Unseen, ...]:
    """Return one for each code and subject, by these, with all that stands in the way."""
    heads: dict[tuple[Code, str], list[Unseen]] = {}
    for each in blind:
        heads.setdefault((each.code, each.subject), []).append(each)
    return tuple(
        Unseen(
            code=code,
            subject=subject,
            reason="; ".join(dict.fromkeys(each.reason for each in found)),
            permissions=tuple(dict.fromkeys(name for each in found for name in each.permissions)),
        )
        for (code, subject), found in sorted(heads.items())
    )


def run_audits(scene: Scene) -> tuple[Finding, ...]:
    """Return all findings: errors first, then by code, subject and what was observed."""
    return judge(scene)[0]


def unseen(scene: Scene) -> tuple[Unseen, ...]:
    """Return all that could not be judged ("not visible"), by code and subject."""
    return judge(scene)[1]


def audited_codes() -> tuple[Code, ...]:
    """Return every code that an audit may raise, sorted."""
    return tuple(sorted(code for codes, _ in AUDITS for code in codes))


def _by_use(finding: Finding, used: frozenset[str], snapshot: Snapshot) -> Finding:
    """Weigh as a warning what hurts only subnets that the cluster is not in.

    ``used`` are those that it is in; where it is in none nobody knows better than without it.
    """
    about = {finding.subject} & snapshot.index.subnets.keys()
    hurt = {cell.subnet for cell in finding.blocks} or about
    if used and hurt and used.isdisjoint(hurt):
        return replace(finding, severity=Severity.WARNING)
    return finding


def _gravity(finding: Finding) -> tuple[object, ...]:
    error = finding.severity is Severity.ERROR
    return (not error, finding.code, finding.subject, finding.observed)
