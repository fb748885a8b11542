"""What options name for the start-up chain: images and secrets, as AWS spells them."""

import re
from collections.abc import Iterable

from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.errors import SettingsError

# [Secrets Manager API, CreateSecret]; behind an ARN may stand JSON key, version stage and version
# id [ECS API, Secret].
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_PLACE = r"arn:aws[a-z-]*:{service}:(?P<region>[a-z0-9-]+):\d{{12}}:"
_SECRET_ARN = re.compile(
    _PLACE.format(service="secretsmanager") + r"secret:[A-Za-z0-9/_+=.@-]+(?::[^\s:]*){0,3}"
)
_PARAMETER_ARN = re.compile(_PLACE.format(service="ssm") + r"parameter/?[A-Za-z0-9/_.-]+")


def image_references(texts: Iterable[str]) -> tuple[str, ...]:
    """Return ``--ecs-image``, each once; `SettingsError` for what is in no registry of ECR."""
    images = tuple(dict.fromkeys(texts))
    for image in images:
        parsed = parse_image(image)
        if parsed is None:
            raise SettingsError(
                f"--ecs-image {image!r}: not a reference such as "
                "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1.0"
            )
        if parsed.account is None:
            raise SettingsError(
                f"--ecs-image {image!r}: {parsed.host} is no private registry of Amazon ECR, and "
                "ecr-pull proves no other"
            )
    return images


def secret_references(texts: Iterable[str]) -> tuple[str, ...]:
    """Return ``--ecs-secret``, each once; `SettingsError` for what names neither kind of secret.

    The value is not told: it may be a secret that was given in the place of its name.
    """
    references = tuple(dict.fromkeys(texts))
    for reference in references:
        if not any(each.fullmatch(reference) for each in (_NAME, _SECRET_ARN, _PARAMETER_ARN)):
            raise SettingsError(
                "--ecs-secret: one value is neither name nor ARN of a secret of Secrets Manager, "
                "nor the ARN of a parameter"
            )
    return references


def is_parameter(reference: str) -> bool:
    """Return whether a reference of ``--ecs-secret`` is a parameter of Parameter Store."""
    return _PARAMETER_ARN.fullmatch(reference) is not None


def region_of(reference: str) -> str | None:
    """Return the Region that a reference of ``--ecs-secret`` names, None for a bare name."""
    for pattern in (_SECRET_ARN, _PARAMETER_ARN):
        if found := pattern.fullmatch(reference):
            return found["region"]
    return None
