"""Ask ECS for a stopped task, and AWS for what is around it."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.explaining.arguments import Asked
from pytest_ecs_privatelink.explaining.facts import TaskFacts
from pytest_ecs_privatelink.probes.task_records import Stopped, StoppedContainer
from pytest_ecs_privatelink.targets.aws import OpenedSession, open_session
from pytest_ecs_privatelink.targets.clients import Clients
from pytest_ecs_privatelink.targets.traces import error_code, why

_CONFIG: Mapping[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 20,
    "retries": {"mode": "standard", "total_max_attempts": 3},
}
# What only adds is not waited for: in a closed VPC there may be no endpoint for it.
_BESIDES = Config(
    connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1}
)
_GONE = frozenset({"ClusterNotFoundException", "InvalidParameterException"})


class NothingToExplainError(Exception):
    """There is no such task, or it has not stopped; ``str()`` of it is one line for the user."""


def ask(asked: Asked) -> tuple[Stopped, TaskFacts]:
    """Return the task's words and surroundings.

    Raises `NothingToExplainError`, `ReadError` where AWS did not answer or refused, and
    `SettingsError` where the session could not be opened.
    """
    opened = open_session(
        profile=asked.profile,
        region=asked.region,
        profile_named_by="--profile",
        region_named_by="--region",
    )
    task = _task(opened, asked)
    stopped = _stopped(task)
    return stopped, _facts(opened, asked, task)


def _task(opened: OpenedSession, asked: Asked) -> Mapping[str, Any]:
    clients = Clients(opened.session, **_CONFIG)
    try:
        answer = clients.ecs.describe_tasks(cluster=asked.cluster, tasks=[asked.task])
    except ClientError as error:
        if error_code(error) in _GONE:
            message = error.response.get("Error", {}).get("Message", "")
            raise NothingToExplainError(
                f"no task {asked.task} in cluster {asked.cluster} ({opened.region}): {message}"
            ) from None
        raise _unread(error, clients, asked, opened) from None
    except BotoCoreError as error:
        raise _unread(error, clients, asked, opened) from None
    if tasks := answer.get("tasks"):
        return dict(tasks[0])
    raise NothingToExplainError(
        f"no task {asked.task} in cluster {asked.cluster} ({opened.region}): ECS forgets a stopped "
        "task after about an hour; else it is of another cluster, Region or account"
    )


def _unread(error: Exception, clients: Clients, asked: Asked, opened: OpenedSession) -> ReadError:
    said = why(error, clients, "ecs:DescribeTasks")
    return ReadError(f"task {asked.task} ({opened.region}) cannot be read: {said}")


def _stopped(task: Mapping[str, Any]) -> Stopped:
    status, wanted = task.get("lastStatus", "unknown"), task.get("desiredStatus", "unknown")
    if not task.get("stoppedReason") and not task.get("stopCode") and status != "STOPPED":
        raise NothingToExplainError(
            f"task {task.get('taskArn')} has not stopped: it is {status}, and wanted {wanted}"
        )
    return Stopped(
        code=task.get("stopCode", ""),
        reason=task.get("stoppedReason", ""),
        containers=tuple(
            StoppedContainer(
                name=each.get("name", ""),
                reason=each.get("reason", ""),
                exit_code=each.get("exitCode"),
            )
            for each in task.get("containers", ())
        ),
    )


def _facts(opened: OpenedSession, asked: Asked, task: Mapping[str, Any]) -> TaskFacts:
    """Return the task's surroundings; what AWS does not tell is left out."""
    definition = _definition(opened, task.get("taskDefinitionArn"))
    subnet = next(_details(task, "subnetId"), None)
    vpc, ranges = _network(opened, subnet)
    group = task.get("group", "")
    return TaskFacts(
        task=task.get("taskArn", asked.task),
        cluster=(task.get("clusterArn") or asked.cluster or "").rpartition("/")[2],
        region=opened.region,
        ecs_service=group.removeprefix("service:") if group.startswith("service:") else None,
        definition=(task.get("taskDefinitionArn") or "").rpartition("/")[2] or None,
        subnet=subnet,
        vpc=vpc,
        role=definition.get("executionRoleArn", "").rpartition("/")[2] or None,
        log_group=_log_group(definition),
        ranges=ranges,
    )


def _details(task: Mapping[str, Any], name: str) -> Iterator[str]:
    for attachment in task.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == name:
                yield detail["value"]


def _definition(opened: OpenedSession, arn: str | None) -> Mapping[str, Any]:
    if not arn:
        return {}
    try:
        client = opened.session.client("ecs", config=_BESIDES)
        answer = client.describe_task_definition(taskDefinition=arn)
    except (BotoCoreError, ClientError):  # its permission may be lacking: it only adds
        return {}
    return dict(answer.get("taskDefinition", {}))


def _log_group(definition: Mapping[str, Any]) -> str | None:
    logs = [each.get("logConfiguration", {}) for each in definition.get("containerDefinitions", ())]
    groups = {
        each.get("options", {}).get("awslogs-group")
        for each in logs
        if each.get("logDriver") == "awslogs"
    }
    return groups.pop() if len(groups) == 1 else None


def _network(opened: OpenedSession, subnet: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the VPC of ``subnet`` and its CIDR blocks, of both versions of IP."""
    if subnet is None:
        return None, ()
    vpc = None
    try:
        client = opened.session.client("ec2", config=_BESIDES)
        vpc = str(client.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"])
        found = client.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
    except (BotoCoreError, ClientError, LookupError):  # only commands and ranges hang on it
        return vpc, ()
    blocks = (
        *((each, "CidrBlock") for each in found.get("CidrBlockAssociationSet", ())),
        *((each, "Ipv6CidrBlock") for each in found.get("Ipv6CidrBlockAssociationSet", ())),
    )
    return vpc, tuple(str(each[key]) for each, key in blocks if key in each)
