"""The credentials of the machine's own role, from instance metadata (IMDSv2)."""

import datetime
import json
from typing import Any

from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.metadata_endpoints import INSTANCE_ENDPOINT
from pytest_ecs_privatelink.probes.metadata_service import MetadataError, MetadataService

_ROLES = "iam/security-credentials/"
_OFF, _NONE = 403, 404
_NO_ROLE = "no credentials: no IAM role is attached to this instance (no instance profile)"


class NoRoleError(Exception):
    """The machine has no credentials of its own to give; one line that says why, no secrets."""


def role_credentials(timeout: float, endpoint: str = INSTANCE_ENDPOINT) -> Credentials:
    """Return credentials of the instance's role that are valid now; raise `NoRoleError`.

    ``timeout``, in seconds, bounds all together. Blocks.
    """
    try:
        with MetadataService(endpoint, timeout) as service:
            read = service.instance_reader()
            role = read(_ROLES).split("\n")[0].strip()
            found = _success(role, read(f"{_ROLES}{role}")) if role else _NO_ROLE
    except MetadataError as error:
        found = _explain(error)
    if isinstance(found, str):
        raise NoRoleError(found)
    return found


def _explain(error: MetadataError) -> str:
    if error.status == _OFF:
        return "no credentials: instance metadata is switched off on this instance (HTTP 403)"
    if error.status == _NONE:
        return _NO_ROLE
    if error.status is not None:
        return f"no credentials: instance metadata answers {error}"
    return (
        f"no credentials: instance metadata: {error}"
        " (no EC2 instance, or its hop limit is too low to be reached from a container)"
    )


# Return, and never raise: their frames know the secret.
def _success(role: str, text: str) -> Credentials | str:
    code = object_in(text).get("Code")
    if code != "Success":
        said = f"{code if isinstance(code, str) else 'no word'}"[:80]
        return f"no credentials: instance metadata says of role {role}: {said}"
    return credentials_in(text, "instance metadata", f"role {role}")


def credentials_in(text: str, source: str, whose: str) -> Credentials | str:
    """Return what ``source`` says in a document of AWS's form, or the line that says why not."""
    document = object_in(text)
    names = ("AccessKeyId", "SecretAccessKey", "Token")
    key, secret, token = (str(document.get(name) or "") for name in names)
    if not (key and secret):
        return f"no credentials: {source} has none for {whose}"
    ended = str(document.get("Expiration") or "")
    if ended and ended < datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"):
        return f"no credentials: those of {whose} expired at {ended} (is the clock there right?)"
    return Credentials(access_key=key, secret_key=secret, token=token or None)


def object_in(text: str) -> dict[str, Any]:
    """Return the JSON object that ``text`` is, an empty one where it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
