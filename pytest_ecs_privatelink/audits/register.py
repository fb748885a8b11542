"""Every audit, with the codes that it may raise."""

from pytest_ecs_privatelink.audits import missing, not_available, s3_interface, wrong_region
from pytest_ecs_privatelink.audits.scene import Audit, Scene, Unseen
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

AUDITS: tuple[tuple[tuple[Code, ...], Audit], ...] = (
    (missing.CODES, missing.missing),
    ((Code.ENDPOINT_NOT_AVAILABLE,), not_available.not_available),
    ((Code.S3_INTERFACE_ONLY,), s3_interface.s3_interface_only),
    ((Code.ENDPOINT_WRONG_REGION,), wrong_region.wrong_region),
)


def judge(scene: Scene) -> tuple[tuple[Finding, ...], tuple[Unseen, ...]]:
    """Return what `run_audits` and `unseen` do, having run each audit once."""
    said = [each for _, audit in AUDITS for each in audit(scene)]
    found = sorted((each for each in said if isinstance(each, Finding)), key=_gravity)
    blind = (each for each in said if isinstance(each, Unseen))
    return tuple(found), tuple(sorted(blind, key=lambda each: (each.code, each.subject)))


def run_audits(scene: Scene) -> tuple[Finding, ...]:
    """Return all findings: errors first, then by code, subject and what was observed."""
    return judge(scene)[0]


def unseen(scene: Scene) -> tuple[Unseen, ...]:
    """Return all that could not be judged ("not visible"), by code and subject."""
    return judge(scene)[1]


def audited_codes() -> tuple[Code, ...]:
    """Return every code that an audit may raise, sorted."""
    return tuple(sorted(code for codes, _ in AUDITS for code in codes))


def _gravity(finding: Finding) -> tuple[object, ...]:
    error = finding.severity is Severity.ERROR
    return (not error, finding.code, finding.subject, finding.observed)
