"""Every audit, with the codes that it may raise."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits import (
    free_addresses,
    missing,
    not_available,
    public_paths,
    s3_interface,
    s3_routes,
    wrong_region,
)
from pytest_ecs_privatelink.audits.scene import Audit, Scene, Unseen
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

AUDITS: tuple[tuple[tuple[Code, ...], Audit], ...] = (
    (missing.CODES, missing.missing),
    ((Code.ENDPOINT_NOT_AVAILABLE,), not_available.not_available),
    ((Code.S3_INTERFACE_ONLY,), s3_interface.s3_interface_only),
    ((Code.ENDPOINT_WRONG_REGION,), wrong_region.wrong_region),
    (s3_routes.CODES, s3_routes.s3_routes),
    (public_paths.CODES, public_paths.public_paths),
    ((Code.SUBNET_ADDRESSES_EXHAUSTED,), free_addresses.addresses_exhausted),
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
