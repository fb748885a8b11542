"""Tasks whose definitions name what is not there: ECS's words, on a network in order."""

import re
from contextlib import closing

from ecs_words import ARGS, ARN, AUTH, DRIVER, FILES, PULL
from task_client import TaskClient, groups_of

from pytest_ecs_privatelink.lab.laboratory import Laboratory

MISSING: dict[str, tuple[dict[str, str], str, str]] = {
    "group": (
        {"group": "/ecs/none"},
        f"{ARGS}create stream has been retried 1 times: failed to create Cloudwatch log stream:"
        " ResourceNotFoundException: The specified log group does not exist\\. : exit status 1",
        f"{DRIVER}ResourceNotFoundException: The specified log group does not exist\\..*",
    ),
    "secret": (
        {"secret": f"{ARN}secretsmanager:us-east-1:123456789012:secret:none-123456"},
        f"{AUTH}execution resource retrieval failed: unable to retrieve secret from asm: service"
        " call has been retried 1 time\\(s\\): ResourceNotFoundException: Secrets Manager can't"
        " find the specified secret\\..*",
        "ResourceInitializationError: Fetching secret data from AWS Secrets Manager in region"
        f" us-east-1: secret {ARN}secretsmanager:.*:none-123456: ResourceNotFoundException: .*",
    ),
    "parameter": (
        {"secret": "/none"},
        f"{AUTH}.*: unable to retrieve secrets from ssm: invalid ssm parameters: /none",
        "ResourceInitializationError: invalid parameters: /none",
    ),
    "tag": (
        {"tag": "none"},
        f"{PULL}pull image manifest has been retried 1 time\\(s\\): failed to resolve ref"
        " (\\S+/lab/app:none): \\1: not found",
        f"{PULL}The task can't pull the image\\. Check whether the image exists\\. Error response"
        " from daemon: manifest for \\S+/lab/app:none not found: manifest unknown: .*",
    ),
    "file": (
        {"file": "arn:aws:s3:::lab-settings/app.env"},
        f"{FILES}service call has been retried 1 time\\(s\\): operation error S3: HeadObject, https"
        " response error StatusCode: 403, api error Forbidden",
        f"{FILES}service call .*",
    ),
}
"""What a task definition names, and what is said of a task that has it."""


def test_names_that_are_not_there() -> None:
    """A task definition's mistakes are told by their names, and all tasks stop by themselves."""
    with closing(Laboratory(cloud=True, twin=True)) as lab:
        own = lab.build_world(())
        client = TaskClient(lab, own.world)
        subnet = own.world.subnets["private-a"]
        lab.build_twin(own.reading.snapshot, (subnet,), groups_of(own.world))

        started = {
            (name, kind): client.start(kind, subnet, taskDefinition=_define(client, **changes))
            for name, (changes, _, _) in MISSING.items()
            for kind in ("FARGATE", "EC2")
        }
        tasks = dict(zip(started, client.follow(*started.values()), strict=True))

    for (name, kind), task in tasks.items():
        _, of_fargate, of_ec2 = MISSING[name]
        assert task["stopCode"] == "TaskFailedToStart"
        reason = task["containers"][0].get("reason", task["stoppedReason"])
        assert re.fullmatch(of_fargate if kind == "FARGATE" else of_ec2, reason), reason


def _define(
    client: TaskClient,
    *,
    group: str = "/ecs/lab",
    secret: str = "",
    tag: str = "latest",
    file: str = "",
) -> str:
    """Register a task definition; return its ARN."""
    assert client.world.workload is not None
    image = client.world.workload.image.rpartition(":")[0]
    options = {
        "awslogs-group": group,
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "test",
    }
    container = {
        "name": "app",
        "image": f"{image}:{tag}",
        "command": ["true"],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        "secrets": [{"name": "S", "valueFrom": secret}] if secret else [],
        "environmentFiles": [{"value": file, "type": "s3"}] if file else [],
    }
    made = client.ecs.register_task_definition(
        family="test",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE", "EC2"],
        cpu="256",
        memory="512",
        executionRoleArn=client.world.workload.execution_role,
        containerDefinitions=[container],
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])
