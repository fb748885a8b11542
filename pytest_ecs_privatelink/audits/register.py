"""Every audit, with the codes that it may raise."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits import (
    endpoint_group,
    missing,
    nacl,
    not_available,
    s3_interface,
    task_group,
    wrong_region,
    zones,
)
from pytest_ecs_privatelink.audits.scene import Audit, Scene, Unseen
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

AUDITS: tuple[tuple[tuple[Code, ...], Audit], ...] = (
    (missing.CODES, missing.missing),
    ((Code.ENDPOINT_NOT_AVAILABLE,), not_available.not_available),
    ((Code.S3_INTERFACE_ONLY,), s3_interface.s3_interface_only),
    ((Code.ENDPOINT_WRONG_REGION,), wrong_region.wrong_region),
    ((Code.ENDPOINT_SG_INGRESS,), endpoint_group.endpoint_sg_ingress),
    ((Code.TASK_SG_EGRESS,), task_group.task_sg_egress),
    ((Code.TASK_SG_EGRESS_S3,), task_group.task_sg_egress_s3),
    ((Code.NACL_BLOCKS,), nacl.nacl_blocks),
    ((Code.ENDPOINT_AZ_UNCOVERED,), zones.endpoint_az_uncovered),
)


def run_audits(scene: Scene) -> tuple[Finding, ...]:
    """Return all findings: errors first, then by code, subject and what was observed."""
    found = (said for said in _said(scene) if isinstance(said, Finding))
    return tuple(
        sorted(
            found,
            key=lambda each: (
                each.severity is not Severity.ERROR,
                each.code,
                each.subject,
                each.observed,
            ),
        )
    )


def unseen(scene: Scene) -> tuple[Unseen, ...]:
    """Return all that could not be judged ("not visible"), by code and subject."""
    found = (said for said in _said(scene) if isinstance(said, Unseen))
    return tuple(sorted(found, key=lambda each: (each.code, each.subject)))


def audited_codes() -> tuple[Code, ...]:
    """Return every code that an audit may raise, sorted."""
    return tuple(sorted(code for codes, _ in AUDITS for code in codes))


def _said(scene: Scene) -> Iterator[Finding | Unseen]:
    for _, audit in AUDITS:
        yield from audit(scene)
