"""Remedies for container agents: restart, update, look at them."""

import json

from pytest_ecs_privatelink.audits.commands import command, text, texts
from pytest_ecs_privatelink.topology.cluster import ContainerInstance
from pytest_ecs_privatelink.verdict import Remedy

_AT_ONCE = 50  # instance ids that SendCommand takes (Systems Manager API reference)
_LINES = ("docker stop ecs-agent", "docker start ecs-agent")
_BY_HAND = f"# on each container instance: sudo {_LINES[0]}; sudo {_LINES[1]}"
_IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"

Instances = tuple[ContainerInstance, ...]


def restart_agents(region: str, instances: Instances) -> Remedy:
    """Return what restarts the agents (R18): through Systems Manager, or by hand."""
    ids = tuple(each.instance for each in instances if each.instance)
    if not ids:
        return Remedy((_BY_HAND,), _BY_HAND)
    return Remedy(
        (
            *(_send(region, ids[at : at + _AT_ONCE]) for at in range(0, len(ids), _AT_ONCE)),
            "# or without Systems Manager: "
            + command(region, "ec2", "reboot-instances", "--instance-ids", *ids),
        ),
        "\n".join(
            (
                'resource "aws_ssm_association" "restart_ecs_agents" {',
                f"  name       = {text('AWS-RunShellScript')}",
                f"  parameters = {{ commands = {text(' && '.join(_LINES))} }}",
                "  targets {",
                f"    key    = {text('InstanceIds')}",
                f"    values = {texts(ids)}",
                "  }",
                "}",
            )
        ),
    )


def update_agents(region: str, cluster: str, instances: Instances) -> Remedy:
    """Return what updates the agents in place, and the image that new instances should have."""
    return Remedy(
        tuple(
            command(
                *(region, "ecs", "update-container-agent", "--cluster", cluster),
                *("--container-instance", each.arn),
            )
            for each in instances
        ),
        "\n".join(
            (
                'data "aws_ssm_parameter" "ecs_image" {',
                f"  name = {text(_IMAGE)}",
                "}",
                "# in the launch template: image_id = data.aws_ssm_parameter.ecs_image.value",
            )
        ),
    )


def connection(region: str, cluster: str, instances: Instances) -> Remedy:
    """Return what shows whether the agents are connected by now, then what restarts them."""
    look = command(
        *(region, "ecs", "describe-container-instances", "--cluster", cluster),
        *("--container-instances", *(each.arn for each in instances)),
        *("--query", "containerInstances[].[ec2InstanceId,agentConnected]"),
    )
    again = restart_agents(region, instances)
    return Remedy((look, *again.cli), again.terraform)


def _send(region: str, ids: tuple[str, ...]) -> str:
    return command(
        *(region, "ssm", "send-command", "--document-name", "AWS-RunShellScript"),
        *("--instance-ids", *ids),
        *("--parameters", "commands=" + json.dumps(_LINES, separators=(",", ":"))),
    )
