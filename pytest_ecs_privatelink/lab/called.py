"""Which action a call to an API is, and on which resources, as policies name them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_ecs_privatelink.lab.twin_plan import Premises
from pytest_ecs_privatelink.lab.web import Call

_PREFIXES = {
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonSSM": "ssm",
    "Logs_20140328": "logs",
    "TrentService": "kms",
    "secretsmanager": "secretsmanager",
}
"""Of the header X-Amz-Target, by the prefix of the service's actions (Service Authorization)."""


@dataclass(frozen=True, slots=True)
class Called:
    """An action (empty: nobody knows which) and the ARNs of what it is about."""

    action: str
    resources: tuple[str, ...] = ("*",)


def called(call: Call, premises: Premises) -> Called:
    """Return what ``call`` asks for; calls of other protocols than AWS JSON have no action."""
    service, _, name = call.headers.get("x-amz-target", "").partition(".")
    prefix = _PREFIXES.get(service)
    if prefix is None:
        return Called("")
    try:
        said = json.loads(call.body or b"{}")
    except ValueError:
        said = None
    fields = said if isinstance(said, dict) else {}
    place = f"arn:{premises.partition}:{prefix}:{premises.region}:{premises.account}"
    about = tuple(_resources(prefix, fields, place))
    return Called(f"{prefix}:{name}", about or ("*",))


def _resources(prefix: str, fields: Mapping[str, object], place: str) -> Iterator[str]:
    if prefix == "logs" and (group := _text(fields, "logGroupName")):
        stream = _text(fields, "logStreamName")
        yield f"{place}:log-group:{group}" + (f":log-stream:{stream}" if stream else "")
    elif prefix == "ecr" and (repository := _text(fields, "repositoryName")):
        yield f"{place}:repository/{repository}"
    elif prefix == "secretsmanager" and (secret := _text(fields, "SecretId")):
        # A name is all but the six characters that AWS adds to it.
        yield secret if secret.startswith("arn:") else f"{place}:secret:{secret}-??????"
    elif prefix == "ssm":
        named = fields.get("Names")
        for name in named if isinstance(named, list) else [fields.get("Name")]:
            if isinstance(name, str):
                yield name if name.startswith("arn:") else f"{place}:parameter/{name.lstrip('/')}"


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
