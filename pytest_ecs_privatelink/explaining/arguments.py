"""The tool's command line."""

import argparse
import re
from dataclasses import dataclass

_TASK_ARN = re.compile(r"arn:[a-z-]+:ecs:(?P<region>[a-z0-9-]+):\d+:task/(?:(?P<cluster>[^/]+)/)?")
_TASK_ID = re.compile(r"[0-9a-f-]{32,36}")
_EPILOG = """\
examples:
  python -m pytest_ecs_privatelink explain "ResourceInitializationError: unable to pull ..."
  aws ecs describe-tasks --cluster web --tasks 1a2b... --query 'tasks[0].stoppedReason' |
      python -m pytest_ecs_privatelink explain -
  python -m pytest_ecs_privatelink explain --task arn:aws:ecs:eu-west-1:111122223333:task/web/1a2b
  python -m pytest_ecs_privatelink explain --task 1a2b... --cluster web --region eu-west-1 --json

ECS shows a stopped task for about an hour. --task calls ecs:DescribeTasks; for addresses and
commands also ecs:DescribeTaskDefinition, ec2:DescribeSubnets and ec2:DescribeVpcs, and does without
those that are refused.

exit status: 0 explained; 1 unknown words, or no stopped task; 2 wrong usage; 4 AWS was not reached,
or refused
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for: ``texts``, or else ``task``."""

    texts: tuple[str, ...]
    task: str | None
    cluster: str | None
    region: str | None
    profile: str | None
    as_json: bool


def read_arguments(words: list[str]) -> Asked:
    """Return what ``words`` ask for; ends the process (status 2) where they make no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_ecs_privatelink",
        description="Amazon ECS in a VPC without internet: what is told without a run of pytest.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="explain")
    explain = commands.add_parser(
        "explain",
        help="say what the words mean with which ECS stopped a task",
        description="Say what the words mean with which ECS stopped a task: the step that failed, "
        "the endpoint service, what to look at.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_options(explain)
    found = explain.parse_args(words[1:]) if words[:1] == ["explain"] else parser.parse_args(words)
    return _checked(explain, found)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "texts",
        nargs="*",
        metavar="STOPPED_REASON",
        help="a task's stoppedReason, or a container's reason, in quotes; - reads one from "
        "standard input",
    )
    parser.add_argument("--task", metavar="ARN", help="ask ECS about this task instead")
    parser.add_argument("--cluster", help="the task's cluster, where its ARN does not name it")
    parser.add_argument("--region", help="the task's Region, where its ARN does not name it")
    parser.add_argument("--profile", help="the AWS profile to ask with")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _checked(parser: argparse.ArgumentParser, found: argparse.Namespace) -> Asked:
    asked = Asked(
        texts=_texts(found.texts),
        task=found.task,
        cluster=found.cluster,
        region=found.region,
        profile=found.profile,
        as_json=found.json,
    )
    if asked.task is None:
        if not asked.texts:
            parser.error("give the words of a stopped task, or --task ARN")
        if asked.cluster or asked.profile:
            parser.error("--cluster and --profile go with --task")
        return asked
    if asked.texts:
        parser.error("give either texts or --task")
    return _with_arn(parser, asked, asked.task)


def _texts(words: list[str]) -> tuple[str, ...]:
    """Return each word as a text, unless they are one that nobody put in quotes."""
    unquoted = len(words) > 2 and all(len(each.split()) == 1 for each in words)
    return (" ".join(words),) if unquoted else tuple(words)


def _with_arn(parser: argparse.ArgumentParser, asked: Asked, task: str) -> Asked:
    """Return ``asked`` with what the task's ARN tells, which may not contradict the options."""
    arn = _TASK_ARN.match(task)
    if arn is None and not _TASK_ID.fullmatch(task):
        parser.error(f"--task {task}: neither the ARN nor the id (32 hex digits) of a task")
    told = arn.groupdict() if arn else {}
    if asked.region and told.get("region") not in (None, asked.region):
        parser.error(f"--region {asked.region}: the task is of {told['region']}")
    cluster = asked.cluster or told.get("cluster")
    if cluster is None:
        parser.error(f"--task {task}: its cluster is not in it, give --cluster")
    name = cluster.rpartition("/")[2]
    if told.get("cluster") not in (None, name):
        parser.error(f"--cluster {asked.cluster}: the task is of {told['cluster']}")
    return Asked(
        texts=(),
        task=task,
        cluster=cluster,
        region=asked.region or told.get("region"),
        profile=asked.profile,
        as_json=asked.as_json,
    )
