"""What the ``valueFrom`` of a task definition's secret names, as ECS reads it."""

from dataclasses import dataclass

_PARTS_OF_AN_ARN = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """A secret of Secrets Manager, by ARN or name: which key of its JSON, which version of it."""

    secret: str
    json_key: str | None = None
    stage: str | None = None
    version: str | None = None


def read_secret_reference(reference: str) -> SecretReference:
    """Take ``secret[:json-key[:version-stage[:version-id]]]`` apart; what is empty is not there.

    A secret is an ARN (seven parts by itself) or a name, which has no colon.
    """
    parts = reference.split(":")
    length = _PARTS_OF_AN_ARN if parts[0] == "arn" else 1
    more = (*parts[length:], "", "", "")
    return SecretReference(
        secret=":".join(parts[:length]),
        json_key=more[0] or None,
        stage=more[1] or None,
        version=more[2] or None,
    )


def read_parameter_name(reference: str) -> str:
    """Return the name (with version or label) of a parameter that is given by ARN or by name.

    The ARN of a name in a hierarchy lacks the name's leading slash.
    """
    if not reference.startswith("arn:"):
        return reference
    name = reference.split(":", 5)[-1].removeprefix("parameter/")
    return f"/{name}" if "/" in name else name
