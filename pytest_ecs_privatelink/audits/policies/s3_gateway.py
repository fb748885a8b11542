"""Audit: the S3 endpoint's policy against the bucket that image layers come from (R5)."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.chain_cells import chain_cells
from pytest_ecs_privatelink.audits.policies.conditions import Foreign
from pytest_ecs_privatelink.audits.policies.document import Unreadable, parse
from pytest_ecs_privatelink.audits.policies.evaluate import Request
from pytest_ecs_privatelink.audits.policies.judging import (
    Judgement,
    judge,
    open_questions,
    refusal,
    verdicts,
)
from pytest_ecs_privatelink.audits.policies.needs import Ask
from pytest_ecs_privatelink.audits.policies.requests import keys_at, stranger_keys
from pytest_ecs_privatelink.audits.policies.sayings import Said, not_understood, remedy_for
from pytest_ecs_privatelink.audits.policies.serving import carrying
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.services import SERVICES, layer_bucket
from pytest_ecs_privatelink.topology.lookup import table_of
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Snapshot, Subnet
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

_COMMERCIAL = "aws"
_WITHOUT = "image layers of Amazon ECR answer 403"


def s3_gateway_policy(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find S3 endpoints whose policy stops downloads of image layers.

    The bucket and whoever signs for it belong to AWS, so that no condition on one's own account or
    organization is ever met. Where the bucket's name is not known for sure, outside the commercial
    Regions, a warning.
    """
    for requirement in scene.requirements:
        if not SERVICES[requirement.service].gateway:
            continue
        for endpoint in carrying(scene.snapshot, requirement.service):
            if endpoint.policy is None:
                continue
            said = _judged(scene.snapshot, endpoint, requirement.service, endpoint.policy)
            if said is not None:
                yield Finding(
                    code=Code.S3_GATEWAY_POLICY,
                    severity=said.severity,
                    subject=endpoint.id,
                    summary=said.summary,
                    expected=f"a policy that allows s3:GetObject on {_objects(scene.snapshot)}",
                    observed=said.observed,
                    remedy=said.remedy,
                    reference=PAGES[Code.S3_GATEWAY_POLICY],
                    launch_types=requirement.launch_types,
                    blocks=chain_cells(scene, requirement.service, _users(scene, endpoint))
                    if said.denied
                    else (),
                )


def _users(scene: Scene, endpoint: Endpoint) -> tuple[Subnet, ...]:
    """Return the subnets whose pulls go through ``endpoint``."""
    if endpoint.type is not EndpointType.GATEWAY:
        return scene.subnets
    tables = {each.id: table_of(scene.snapshot, each.id) for each in scene.subnets}
    return tuple(
        each
        for each in scene.subnets
        if (table := tables[each.id]) is not None and table.id in endpoint.route_tables
    )


def _judged(snapshot: Snapshot, endpoint: Endpoint, service: str, policy: str) -> Said | None:
    document = parse(policy)
    if isinstance(document, Unreadable):
        return not_understood(snapshot, endpoint, service, document)
    ask = Ask("s3:GetObject", _objects(snapshot))
    stranger = Foreign(snapshot.vpc.owner)
    request = Request(
        action=ask.action,
        resource=ask.resource,
        keys={**keys_at(snapshot, endpoint), **stranger_keys(snapshot.vpc.owner)},
        principal=stranger,
    )
    told = judge((document,), ((ask, (request,)),))
    if not (told.denied or told.unknown):
        return None
    sure = snapshot.partition == _COMMERCIAL
    return Said(
        severity=Severity.ERROR if told.denied and sure else Severity.WARNING,
        summary=_summary(snapshot, f"the policy of {endpoint.id} for {service}", told, sure=sure),
        observed=verdicts((*told.denied, *told.unknown)),
        remedy=remedy_for(snapshot, endpoint, service, told),
        denied=frozenset(ask.action for ask, _ in told.denied),
    )


def _summary(snapshot: Snapshot, whose: str, told: Judgement, *, sure: bool) -> str:
    bucket = layer_bucket(snapshot.region)
    if told.denied:
        named = f"{bucket}{'' if sure else ', if it is called so'}"
        return (
            f"{whose} {refusal(told.denied)} on the bucket of the Region's image layers ({named}), "
            f"which is AWS's, as are those who sign for it: {_WITHOUT}"
        )
    return (
        f"whether {whose} allows s3:GetObject on {bucket} depends on "
        f"{open_questions(told.unknown)}, which this run cannot know: where it does not, {_WITHOUT}"
    )


def _objects(snapshot: Snapshot) -> str:
    return f"arn:{snapshot.partition}:s3:::{layer_bucket(snapshot.region)}/*"
