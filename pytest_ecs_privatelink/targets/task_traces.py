"""Tasks and task definitions of runs in ECS: how they are found, stopped and deregistered."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from pytest_ecs_privatelink.targets.clients import Client

Raw = dict[str, Any]
REASON = "pytest-ecs-privatelink: the run has ended"
MOST_DESCRIBED = 100  # tasks that DescribeTasks takes [ECS API]


def stop_tasks(ecs: Client, cluster: str, started_by: str) -> bool:
    """Stop every task of ``cluster`` that is to run and was started so; return whether one was.

    All of them are tried; raises what the first one raised that could not be stopped.
    """
    troubles = []
    try:
        arns = list(pages(ecs, "list_tasks", "taskArns", cluster=cluster, startedBy=started_by))
    except ecs.exceptions.ClusterNotFoundException:
        return False
    for arn in arns:
        try:
            ecs.stop_task(cluster=cluster, task=arn, reason=REASON)
        except ClientError as trouble:
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return bool(arns)


def deregister(ecs: Client, family: str) -> bool:
    """Deregister all revisions of ``family``; return whether there were any."""
    found = False
    for arn in revisions(ecs, family):
        ecs.deregister_task_definition(taskDefinition=arn)
        found = True
    return found


def revisions(ecs: Client, family: str) -> Iterator[str]:
    """Yield the ARNs of the active revisions of ``family``, whose name is the whole of it."""
    yield from pages(ecs, "list_task_definitions", "taskDefinitionArns", familyPrefix=family)


def pages(ecs: Client, method: str, key: str, **params: object) -> Iterator[Any]:
    """Yield what stands under ``key`` on all pages."""
    for page in ecs.get_paginator(method).paginate(**params):
        yield from page[key]
