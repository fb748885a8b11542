"""From options and task definitions to the run's errands, and to what of them can be run."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.catalogue.rules import Features
from pytest_ecs_privatelink.claims.errands import Errands
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.naming import is_parameter, region_of
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.starting import (
    LogGroup,
    Pull,
    log_groups_of,
    parameters_of,
    pulls_of,
    secrets_of,
)
from pytest_ecs_privatelink.verdict import CHAIN_CLAIMS, Claim, LaunchType

Carried = frozenset[tuple[Claim, str]]
"""Chain claims with the endpoint services at which they have cells."""


def errands_of(settings: Settings, snapshot: Snapshot) -> Errands:
    """Return the errands: what options name, else what task definitions do.

    `SettingsError` where an option names what is in another Region.
    """
    _refuse_other_regions(settings, snapshot.region)
    named = tuple(each for each in settings.secrets if not is_parameter(each))
    parameters = tuple(each for each in settings.secrets if is_parameter(each))
    group = settings.log_group
    return Errands(
        pulls=_named_pulls(settings.images, snapshot) or pulls_of(snapshot),
        log_groups=log_groups_of(snapshot) if group is None else (LogGroup(name=group),),
        secrets=named if settings.secrets else secrets_of(snapshot),
        parameters=parameters if settings.secrets else parameters_of(snapshot),
        read_only=settings.read_only,
        run=settings.run,
    )


def with_options(
    features: Features, settings: Settings, launch_types: tuple[LaunchType, ...]
) -> Features:
    """Return the evidence with what options say on top: it holds for all of ``launch_types``."""
    return replace(
        features,
        private_image=launch_types if settings.images else features.private_image,
        awslogs=launch_types if settings.log_group else features.awslogs,
        secrets=launch_types
        if any(not is_parameter(each) for each in settings.secrets)
        else features.secrets,
        ssm_parameters=launch_types
        if any(map(is_parameter, settings.secrets))
        else features.ssm_parameters,
        registries=tuple(sorted({*features.registries, *_accounts(settings.images)})),
    )


def replaced_by(settings: Settings) -> frozenset[str]:
    """Return the endpoint services of which options say what to ask for, and no task definition."""
    return frozenset(
        service
        for named, services in (
            (settings.images, ("ecr.dkr",)),
            (settings.log_group, ("logs",)),
            (settings.secrets, ("secretsmanager", "ssm")),
        )
        for service in services
        if named
    )


def carried(errands: Errands, services: Iterable[str]) -> Carried:
    """Return where chain claims have cells, of the endpoint ``services`` under test."""
    tested = set(services)
    return frozenset(
        (claim, service)
        for claim, service in CHAINS
        if claim in CHAIN_CLAIMS and service in tested and errands.carries(claim, service)
    )


def unproven(settings: Settings, errands: Errands, services: Iterable[str]) -> Mapping[Claim, str]:
    """Return why chain claims that are asked for have no cell at all, by claim."""
    found = {claim for claim, _ in carried(errands, services)}
    return {
        claim: _why(claim, errands)
        for claim in CHAIN_CLAIMS
        if claim in settings.claims and claim not in found
    }


def _why(claim: Claim, errands: Errands) -> str:
    if claim is Claim.ECR_PULL and not errands.pulls:
        return "no image of this Region's ECR is known: --ecs-image names one"
    stands = " and ".join(service for each, service in CHAINS if each is claim)
    return f"{stands} is not under test" if " " not in stands else f"{stands} are not under test"


def _named_pulls(images: tuple[str, ...], snapshot: Snapshot) -> tuple[Pull, ...]:
    """Return the named images, each for the platforms that task definitions run it on, if any."""
    known = pulls_of(snapshot)
    return tuple(
        Pull(image=image, platform=platform)
        for image in images
        for platform in dict.fromkeys(each.platform for each in known if each.image == image)
        or (None,)
    )


def _accounts(images: Iterable[str]) -> set[str]:
    parsed = (parse_image(image) for image in images)
    return {each.account for each in parsed if each is not None and each.account is not None}


def _refuse_other_regions(settings: Settings, region: str) -> None:
    images = ((f"--ecs-image {each}", parse_image(each)) for each in settings.images)
    elsewhere = [(flag, parsed.region) for flag, parsed in images if parsed is not None]
    elsewhere += [(f"--ecs-secret {each}", region_of(each)) for each in settings.secrets]
    for flag, other in elsewhere:
        if other not in (None, region):
            raise SettingsError(
                f"{flag}: that is in {other}, the VPC is in {region}, and endpoints serve their "
                "own Region"
            )
