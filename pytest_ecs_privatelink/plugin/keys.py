"""Credentials for the calls that vantages make: those of the run's own session, ever fresh."""

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.errors import EcsPrivatelinkError, VantageError
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.verdict import CHAIN_CLAIMS, Claim

if TYPE_CHECKING:
    import boto3

Keys = Callable[[], Credentials]
"""Returns the credentials of this moment; `VantageError` where there are none any more."""

_NONE = "no AWS credentials were found: calls to AWS are signed with them"


def keys_of(session: "Callable[[], boto3.Session]") -> Keys:
    """Return what gives the credentials of the session that ``session`` opens, opened once.

    Those of a role are refreshed by botocore before they expire.
    """
    opened = functools.cache(session)
    alone = threading.Lock()

    def keys() -> Credentials:
        from pytest_ecs_privatelink.targets.discretion import NOTHING, discreet

        with alone, discreet(NOTHING):
            found = _found(opened)
        if isinstance(found, str):
            raise VantageError(found)
        return found

    return keys


def _found(opened: "Callable[[], boto3.Session]") -> Credentials | str:
    """Return the credentials, or why there are none.

    Nothing of botocore's is raised here, which raises far more than its own errors: what a
    credential process or server said may hold a secret, and stands in the frames of a traceback.
    """
    try:
        found = opened().get_credentials()
        frozen = None if found is None else found.get_frozen_credentials()
    except EcsPrivatelinkError:
        raise
    except Exception as error:  # noqa: BLE001 - its frames know secrets
        return f"AWS credentials could not be had: {type(error).__name__}"
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        return _NONE
    return Credentials(
        access_key=frozen.access_key, secret_key=frozen.secret_key, token=frozen.token
    )


def unsigned(keys: Keys, plan: Plan) -> Mapping[Claim, str]:
    """Return why claims that call AWS cannot be proven, by claim; none where there are keys."""
    if not any(claim in plan.settings.claims for claim in CHAIN_CLAIMS):
        return {}
    return _unsigned(keys, CHAIN_CLAIMS)


def tasks_unsigned(keys: Keys, plan: Plan) -> Mapping[Claim, str]:
    """Return why no task can be started, of a run that would; nothing where there are keys."""
    if not plan.started or plan.settings.read_only:
        return {}
    return _unsigned(keys, (Claim.TASK_START,))


def _unsigned(keys: Keys, claims: Iterable[Claim]) -> Mapping[Claim, str]:
    try:
        keys()
    except EcsPrivatelinkError as error:
        return dict.fromkeys(claims, str(error))
    return {}
