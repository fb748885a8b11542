"""The credentials of the role that an ECS task runs under, from the agent beside it."""

import os

from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.instance_role import (
    NoRoleError,
    credentials_in,
    role_credentials,
)
from pytest_ecs_privatelink.probes.metadata_endpoints import INSTANCE_ENDPOINT
from pytest_ecs_privatelink.probes.metadata_service import MetadataError, MetadataService

TASK_ENDPOINT = "http://169.254.170.2"
"""Where tasks ask for credentials [ECS guide, "task-iam-roles"]."""

_RELATIVE, _METADATA = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "ECS_CONTAINER_METADATA_URI_V4"
_NO_ROLE = "no credentials: this task has no task role (its task definition names none)"


def task_credentials(
    timeout: float, instance: str = INSTANCE_ENDPOINT, task: str = TASK_ENDPOINT
) -> Credentials:
    """Return credentials of the task's role that are valid now; raise `NoRoleError`.

    Where this is no task, the machine's own: ``instance`` is where those come from. Blocks.
    """
    path = os.environ.get(_RELATIVE)
    if path is None and _METADATA in os.environ:
        raise NoRoleError(_NO_ROLE)
    if path is None:
        return role_credentials(timeout, instance)
    try:
        with MetadataService(task, timeout) as service:
            found = credentials_in(service.request("GET", path), "the ECS agent", "the task's role")
    except MetadataError as error:
        # Its text names the path, which is as good as a key to the credentials.
        said = f"HTTP {error.status}" if error.status is not None else str(error)
        found = f"no credentials: the ECS agent: {said}"
    if isinstance(found, str):
        raise NoRoleError(found)
    return found
