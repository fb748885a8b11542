"""Claim ``ecr-pull``: images arrive whole, and layers come from S3 on the private path (R5)."""

import functools
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.images import looks_cached, parse_image
from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.claims.answers import (
    UNREAD_PARTS,
    Place,
    missing_permission,
    place_of,
    public_path_excuses,
)
from pytest_ecs_privatelink.claims.asking import ask_for
from pytest_ecs_privatelink.claims.chain import Guise, conclude, in_guises
from pytest_ecs_privatelink.claims.outcomes import Codes, by_way_of, judge, passed, told
from pytest_ecs_privatelink.claims.terms import (
    Ask,
    Reading,
    ServiceUnderTest,
    Stand,
    Terms,
    make_check,
    worst,
)
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Link,
    PullAnswer,
    PullQuestion,
)
from pytest_ecs_privatelink.topology.starting import Pull
from pytest_ecs_privatelink.verdict import Cell, Check, Code, Verdict

_LINKS = {
    Link.AUTH: Code.ECR_AUTH,
    Link.MANIFEST: Code.ECR_MANIFEST,
    Link.LAYER: Code.ECR_LAYER,
}
_CODES = Codes(
    broken=_LINKS,
    denied=_LINKS,
    missing=_LINKS,
    needed=frozenset(
        {"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    ),
    digest=Code.ECR_DIGEST,
)
_NOTHING = Reading(
    verdict=Verdict.SKIPPED,
    code=None,
    phase="vantage",
    observed="nothing was pulled",
    reason="no image of this Region's ECR is known: --ecs-image names one",
)
_PRIVATE = (Place.GATEWAY, Place.ENDPOINT, Place.PRIVATE)
_CACHED = "it looks like a pull-through cache's, whose first pull may need a way to the internet"


async def prove(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check:
    """Return the check of an ``ecr-pull`` cell: every image of the run's errands, in each guise."""
    pulls = terms.errands.pulls
    if not pulls:
        return make_check(cell, terms, stand, (_NOTHING,), "an image arrives to the last byte")
    tries = (
        in_guises(cell, terms, stand, functools.partial(_pull, pull, cell, terms, ask), pull.image)
        for pull in pulls
    )
    named = ", ".join(dict.fromkeys(pull.image for pull in pulls))
    expected = f"{named} arrives to the last byte, its layers from S3 on the private path"
    return await conclude(cell, terms, stand, ask, tries, expected)


async def _pull(pull: Pull, cell: Cell, terms: Terms, ask: Ask, guise: Guise) -> Reading:
    region = terms.snapshot.region
    question = PullQuestion(
        image=pull.image,
        api=host_names("ecr.api", region)[0],
        region=region,
        platform=pull.platform,
        ca_file=terms.ca_file,
        timeout=terms.timeout,
        launch_types=guise.launch_types,
    )
    answer = await ask_for(PullAnswer, question, ask)
    subject = pull.image
    if answer.outcome.status is not CallStatus.OK:
        return _judge_failure(subject, answer)
    return worst(_judge_layers(subject, answer, cell, terms))[0]


def _judge_failure(subject: str, answer: PullAnswer) -> Reading:
    outcome = answer.outcome
    if outcome.status is CallStatus.DENIED and _at_s3(answer):
        # Layer URLs are signed by AWS: what refuses one is the S3 endpoint's policy (R5).
        return Reading(
            verdict=Verdict.FAILED,
            code=Code.ECR_LAYER,
            phase=outcome.phase,
            observed=f"{subject}: {told(replace(outcome, action='s3:GetObject'), answer.hops)}",
        )
    reading = judge(subject, outcome, _CODES, answer.hops)
    image = parse_image(answer.image)
    if image is None or not looks_cached(image):
        return reading
    if outcome.status is CallStatus.MISSING and outcome.link is Link.MANIFEST:
        reading = replace(reading, verdict=Verdict.WARNED)
    return replace(reading, observed=f"{reading.observed}; {_CACHED}")


def _layer_hosts(answer: PullAnswer) -> dict[str, tuple[str, ...]]:
    """Return the hosts that layers came from, or did not, with the addresses of each.

    The registry itself only says where they are.
    """
    registry = parse_image(answer.image)
    return {
        hop.host: hop.addresses or ((hop.address,) if hop.address else ())
        for hop in answer.hops
        if hop.link is Link.LAYER and (registry is None or hop.host != registry.host)
    }


def _at_s3(answer: PullAnswer) -> bool:
    """Return whether the last that was asked was the host of a layer, not the registry."""
    return bool(answer.hops) and answer.hops[-1].host in _layer_hosts(answer)


def _judge_layers(
    subject: str, answer: PullAnswer, cell: Cell, terms: Terms
) -> tuple[Reading, ...]:
    """Judge where the layers came from: they arrived, which says nothing of the way (R5)."""
    what = f"{subject}: {answer.layers} layers, {answer.received} bytes"
    digest = f", {answer.digest}" if answer.digest else ""
    readings = [passed(answer.outcome, by_way_of(f"{what}{digest}", answer.hops))]
    service = _s3(terms)
    for host, addresses in _layer_hosts(answer).items():
        places = {each: place_of(each, service, cell.subnet, terms) for each in addresses}
        for place in dict.fromkeys(places.values()):
            there = ", ".join(each for each in addresses if places[each] is place)
            observed = f"{what} arrived from {host} at {there}: {place}"
            if place not in _PRIVATE:
                readings.append(_beside(place, observed, service, cell, terms))
    return tuple(readings)


def _beside(
    place: Place, observed: str, service: ServiceUnderTest, cell: Cell, terms: Terms
) -> Reading:
    if place in UNREAD_PARTS:
        missing = missing_permission(terms.snapshot, UNREAD_PARTS[place])
        return Reading(
            verdict=Verdict.ERROR,
            code=None,
            phase="resolve",
            observed=observed,
            reason=f"{observed}{missing}",
        )
    excused = public_path_excuses(service, cell.subnet, terms)
    return Reading(
        verdict=Verdict.WARNED if excused else Verdict.FAILED,
        code=Code.ECR_LAYER_PATH,
        phase="resolve",
        observed=observed,
    )


def _s3(terms: Terms) -> ServiceUnderTest:
    """Return S3 as it is under test, or as it would be: layers come from there anyway."""
    for each in terms.services:
        if each.service == "s3":
            return each
    return ServiceUnderTest(
        service="s3",
        need=Need.POSSIBLE,
        launch_types=(),
        because="",
        endpoint=None,
        names=host_names("s3", terms.snapshot.region),
    )
