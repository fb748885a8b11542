"""Reach the container instances of the cluster as ``--ecs-connect`` says."""

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.targets.discretion import discreet
from pytest_ecs_privatelink.targets.trust import ca_bundle
from pytest_ecs_privatelink.vantage.instance.opening import Opened, open_instances
from pytest_ecs_privatelink.vantage.instance.template import Connect
from pytest_ecs_privatelink.verdict import Claim

if TYPE_CHECKING:
    import boto3


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
    opened = open_instances(
        plan.terms,
        connect,
        run=settings.run,
        session=session,
        dials=Claim.TCP_443 in settings.claims,
        hosts_trust=trusted.path if trusted.source == "botocore" else None,
    )
    if connect.connection == "ssm":
        # SSM is called from threads for as long as the run lasts.
        stack.enter_context(discreet())
    return opened
