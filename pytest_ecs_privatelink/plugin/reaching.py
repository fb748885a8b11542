"""Reach the container instances of the cluster as ``--ecs-connect`` says."""

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.targets.discretion import discreet
from pytest_ecs_privatelink.targets.trust import ca_bundle
from pytest_ecs_privatelink.vantage.instance.opening import Opened, open_instances
from pytest_ecs_privatelink.vantage.instance.template import BY_STDIN, Connect
from pytest_ecs_privatelink.verdict import Claim

if TYPE_CHECKING:
    import boto3

_ROOM = 8_000
"""Bytes of certificates that a command has room for, beside the program and its questions."""


def reach_instances(
    settings: Settings,
    plan: Plan,
    session: "Callable[[], boto3.Session]",
    stack: contextlib.ExitStack,
) -> Opened:
    """Return the vantages that container instances are; nothing is sent yet.

    A bundle that the user named travels to the hosts; where nobody named one, they have their own.
    """
    assert settings.connect is not None
    connect = Connect(template=settings.connect, lend=settings.lend_credentials)
    trusted = ca_bundle(os.environ)
    travels = trusted.source != "botocore"
    opened = open_instances(
        plan.terms,
        connect,
        run=settings.run,
        session=session,
        dials=Claim.TCP_443 in settings.claims,
        hosts_trust=None if travels else trusted.path,
    )
    if travels and connect.connection not in BY_STDIN and os.path.getsize(trusted.path) > _ROOM:
        raise SettingsError(
            f"{trusted.source}={trusted.path} is too large to go with a command of "
            f"{connect.connection}://: name a file with the few certificates that are needed, or "
            "unset it for the hosts' own trust"
        )
    if connect.connection == "ssm":
        # SSM is called from threads for as long as the run lasts.
        stack.enter_context(discreet())
    return opened
