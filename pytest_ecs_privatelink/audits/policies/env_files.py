"""Audit: environment files in S3 that the gateway endpoint's policy keeps from tasks."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.policies.conditions import Keys
from pytest_ecs_privatelink.audits.policies.document import Unreadable, parse
from pytest_ecs_privatelink.audits.policies.evaluate import Request
from pytest_ecs_privatelink.audits.policies.judging import (
    Judgement,
    actions,
    judge,
    open_questions,
    refusal,
    verdicts,
)
from pytest_ecs_privatelink.audits.policies.needs import Ask
from pytest_ecs_privatelink.audits.policies.requests import keys_at, role_keys
from pytest_ecs_privatelink.audits.policies.sayings import Said, not_understood, remedy_for
from pytest_ecs_privatelink.audits.policies.serving import carrying
from pytest_ecs_privatelink.audits.policies.tasks import task_definitions, unread_tasks
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

_CODE = Code.ENV_FILE_BUCKET_DENIED
_WITHOUT = "tasks that take their environment from there do not start"
_REGION_HIDDEN = (
    "an ARN does not tell the bucket's Region, and S3 endpoints serve their own Region only"
)
# An object's ARN is arn:PARTITION:s3:::BUCKET/KEY.
_PARTS = 6

File = tuple[str, str | None]
"""An object's ARN, and the execution role that fetches it."""


def env_file_bucket_denied(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find buckets of environment files that the S3 endpoint's policy does not let tasks read.

    The agent asks for the bucket's location, then for the object, as the execution role [Amazon
    ECS, "Required IAM permissions for environment files"]. Where policies allow it, the bucket's
    Region is still not visible, and said to be so.
    """
    snapshot = scene.snapshot
    if unread := unread_tasks(snapshot):
        yield Unseen(
            code=_CODE,
            subject="env-files",
            reason=f"environment files are not known: {unread.reason}",
            permissions=unread.permissions,
        )
    for bucket, files in sorted(_files(snapshot).items()):
        said = _said(snapshot, bucket, files)
        if said is None:
            yield Unseen(code=_CODE, subject=bucket, reason=_REGION_HIDDEN)
        else:
            yield _finding(scene, bucket, said)


def _said(snapshot: Snapshot, bucket: str, files: set[File]) -> Said | None:
    """Return the gravest of what is held against the endpoints' policies, or None."""
    told = (
        _judged(snapshot, endpoint, endpoint.policy, bucket, files)
        for endpoint in carrying(snapshot, "s3")
        if endpoint.policy is not None
    )
    return min((each for each in told if each), key=lambda each: each.severity, default=None)


def _files(snapshot: Snapshot) -> dict[str, set[File]]:
    found: dict[str, set[File]] = {}
    for task in task_definitions(snapshot):
        for container in task.containers:
            for arn in container.env_files:
                if (bucket := _bucket(arn)) is not None:
                    found.setdefault(bucket, set()).add((arn, task.execution_role))
    return found


def _bucket(arn: str) -> str | None:
    parts = arn.split(":", _PARTS - 1)
    if len(parts) < _PARTS or parts[2] != "s3":
        return None
    return parts[5].partition("/")[0] or None


def _finding(scene: Scene, bucket: str, said: Said) -> Finding:
    return Finding(
        code=_CODE,
        severity=said.severity,
        subject=bucket,
        summary=said.summary,
        expected=f"a policy that allows s3:GetBucketLocation and s3:GetObject on {bucket}",
        observed=said.observed,
        remedy=said.remedy,
        reference=PAGES[_CODE],
        launch_types=scene.launch_types,
    )


def _judged(
    snapshot: Snapshot,
    endpoint: Endpoint,
    policy: str,
    bucket: str,
    files: set[File],
) -> Said | None:
    document = parse(policy)
    if isinstance(document, Unreadable):
        return not_understood(snapshot, endpoint, "s3", document)
    told = judge(
        (document,),
        (
            (ask, (_request(snapshot, endpoint, ask, role),))
            for arn, role in sorted(files, key=str)
            for ask in (
                Ask("s3:GetBucketLocation", f"arn:{snapshot.partition}:s3:::{bucket}"),
                Ask("s3:GetObject", arn),
            )
        ),
    )
    if not (told.denied or told.unknown):
        return None
    return Said(
        severity=Severity.ERROR if told.denied else Severity.WARNING,
        summary=_summary(endpoint, bucket, told),
        observed=verdicts(told.denied or told.unknown),
        remedy=remedy_for(snapshot, endpoint, "s3", told),
    )


def _summary(endpoint: Endpoint, bucket: str, told: Judgement) -> str:
    whose = f"the policy of {endpoint.id} for s3"
    if told.denied:
        return (
            f"{whose} {refusal(told.denied)} on {bucket}, which has environment files: {_WITHOUT}"
        )
    return (
        f"whether {whose} allows {actions(told.unknown)} on {bucket}, which has environment files, "
        f"depends on {open_questions(told.unknown)}, which this run cannot know: where it does "
        f"not, {_WITHOUT}"
    )


def _request(snapshot: Snapshot, endpoint: Endpoint, ask: Ask, role: str | None) -> Request:
    """Return the request of the execution role.

    In a gateway's policy a Principal other than ``*`` does not mean what it says elsewhere [AWS
    PrivateLink, "Endpoint policies for gateway endpoints"]: nobody is told apart by it here.
    """
    keys: Keys = {**keys_at(snapshot, endpoint), **(role_keys(role) if role else {})}
    gateway = endpoint.type is EndpointType.GATEWAY
    return Request(
        action=ask.action,
        resource=ask.resource,
        keys=keys,
        principal=None if gateway else role,
    )
