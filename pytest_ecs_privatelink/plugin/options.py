"""The command line: every option with its ini twin, and nothing heavier than a table."""

from typing import Any, NamedTuple

import pytest


# A tuple, not a dataclass: every run imports this, and a dataclass costs a millisecond to make.
class Option(NamedTuple):
    """One ``--ecs-*`` option; ``ini`` is the type of its ini twin, None where it must have none."""

    name: str
    help: str
    ini: str | None = "string"
    metavar: str | None = None

    @property
    def flag(self) -> str:
        """The option as typed."""
        return "--" + self.name.replace("_", "-")

    @property
    def action(self) -> str:
        """How argparse takes it."""
        return {"bool": "store_true", "args": "append"}.get(self.ini or "", "store")


OPTIONS = (
    Option("ecs_vpc", "prove this VPC (switches the plugin on)", metavar="VPC"),
    Option(
        "ecs_lab",
        "prove the embedded lab: a VPC of kernel namespaces, no AWS at all (switches on); with "
        "--ecs-vpc or --ecs-snapshot, that VPC is read and only its twin is probed",
        "bool",
    ),
    Option(
        "ecs_snapshot",
        "use a saved snapshot instead of reading the VPC (switches on)",
        metavar="FILE",
    ),
    Option(
        "ecs_save_snapshot",
        "save what was read, then run; with --collect-only save only",
        None,
        "FILE",
    ),
    Option(
        "ecs_fault",
        "break the lab's own world by this named fault (repeatable); 'list' prints them",
        None,
        "NAME",
    ),
    Option("ecs_region", "AWS Region, as in the AWS CLI", metavar="REGION"),
    Option("ecs_profile", "AWS profile, as in the AWS CLI", metavar="PROFILE"),
    Option(
        "ecs_launch_type",
        "launch types to prove for, of fargate,ec2 (default: the cluster's; without a cluster "
        "fargate, and ec2 where any of the three ecs endpoints exists)",
        metavar="LIST",
    ),
    Option(
        "ecs_claims",
        "only these claims, of private-dns,tcp-443,ecr-pull,awslogs,secret,agent,audit (default: "
        "all); 'audit' alone is the run from outside the VPC",
        metavar="LIST",
    ),
    Option("ecs_need", "replace the derived list of required endpoint services", metavar="LIST"),
    Option(
        "ecs_subnet",
        "a subnet to prove (repeatable; default: those of the cluster; without a cluster those "
        "whose default route is no internet gateway)",
        "args",
        "ID",
    ),
    Option(
        "ecs_local_subnet",
        "this machine stands in this subnet (default: found by task or instance metadata, else "
        "by a MAC address of the VPC)",
        metavar="ID",
    ),
    Option(
        "ecs_connect",
        "probe from the cluster's container instances, reached as this testinfra host says, with "
        "{private_ip}, {instance_id}, {subnet_id}, {az} filled in: ssh://ec2-user@{private_ip}, "
        "ssm://{instance_id} (needs pytest-testinfra)",
        metavar="TEMPLATE",
    ),
    Option(
        "ecs_lend_credentials",
        "container instances sign calls to AWS with this run's credentials, sent by SSH (default: "
        "with those of their own role)",
        None,
    ),
    Option(
        "ecs_security_group",
        "a security group that Fargate tasks wear (repeatable; default: those of the cluster's "
        "ECS services, else unknown)",
        "args",
        "SG",
    ),
    Option(
        "ecs_instance_security_group",
        "a security group that container instances wear (repeatable; default: read from the "
        "cluster's, else unknown): on EC2 the agent, pulls, logs and secrets leave by their "
        "interface",
        "args",
        "SG",
    ),
    Option(
        "ecs_cluster",
        "the ECS cluster whose task definitions say what is needed (default: none, and needs are "
        "assumed; the lab: its own)",
        metavar="NAME",
    ),
    Option(
        "ecs_service",
        "only this ECS service of the cluster (repeatable; default: all)",
        "args",
        "NAME",
    ),
    Option(
        "ecs_image",
        "an image of the Region's ECR to pull (repeatable; default: those of the cluster's task "
        "definitions)",
        "args",
        "URI",
    ),
    Option(
        "ecs_log_group",
        "the CloudWatch log group to write to (default: that of the cluster's task definitions, "
        "else a temporary one)",
        metavar="NAME",
    ),
    Option(
        "ecs_secret",
        "a secret of Secrets Manager, or by its ARN a parameter of Parameter Store, to fetch "
        "(repeatable; default: those of the cluster's task definitions, else a name that does not "
        "exist)",
        "args",
        "ARN_OR_NAME",
    ),
    Option(
        "ecs_task_definition",
        "task-start has tasks of this task definition started and stopped (default: of a generated "
        "one, whose image is --ecs-image)",
        metavar="FAMILY",
    ),
    Option(
        "ecs_task_timeout",
        "deadline in seconds of a one-off task, from its start to its end (default: 300)",
        metavar="SECONDS",
    ),
    Option(
        "ecs_platform_version",
        "the Fargate platform version that one-off tasks run on (default: LATEST)",
        metavar="VERSION",
    ),
    Option(
        "ecs_capacity_provider",
        "one-off tasks run by this capacity provider, FARGATE_SPOT or one of the cluster's own "
        "(default: by the launch type)",
        metavar="NAME",
    ),
    Option(
        "ecs_architecture",
        "the CPU architecture of --ecs-image, of x86_64,arm64 (default: that of the cluster's task "
        "definitions, else x86_64)",
        metavar="NAME",
    ),
    Option(
        "ecs_read_only",
        "nothing is created anywhere: CloudWatch Logs is asked, and nothing is written to it",
        "bool",
    ),
    Option(
        "ecs_require_private",
        "a needed endpoint service without endpoint fails even where a public path works",
        "bool",
    ),
    Option("ecs_require_probed", "a required cell that was not probed fails", "bool"),
    Option("ecs_strict", "warnings fail", "bool"),
    Option(
        "ecs_ignore",
        "an accepted finding (repeatable): its checks are skipped",
        "args",
        "CODE[:SUBJECT]",
    ),
    Option(
        "ecs_cleanup",
        "remove what a killed run left, then end: that run's at once, without id what is older "
        "than an hour and carries our mark",
        None,
        "[RUN_ID]",
    ),
    Option(
        "ecs_timeout",
        "deadline in seconds of one DNS or TCP+TLS probe (default: 5)",
        metavar="SECONDS",
    ),
    Option("ecs_json", "write the JSON report (schema 1) to this file", metavar="FILE"),
)
SWITCHES = ("ecs_vpc", "ecs_lab", "ecs_snapshot")
_INI = {option.name: option.ini for option in OPTIONS}
_SWITCHES_WITHOUT_INI = frozenset({"ecs_lend_credentials"})
_REPEATABLE_WITHOUT_INI = frozenset({"ecs_fault"})
_VALUE_MAY_BE_LEFT_OUT = frozenset({"ecs_cleanup"})


def add_options(parser: pytest.Parser) -> None:
    """Register all options and their ini twins under the group ``ecs-privatelink``."""
    group = parser.getgroup("ecs-privatelink", "Amazon ECS without an internet path")
    for option in OPTIONS:
        action = "append" if option.name in _REPEATABLE_WITHOUT_INI else option.action
        if option.name in _VALUE_MAY_BE_LEFT_OUT:
            metavar = (option.metavar or "").strip("[]")
            # An empty value is one: a shell's unset variable must not stand for "all of them".
            group.addoption(
                option.flag, nargs="?", const=True, default=None, metavar=metavar, help=option.help
            )
        elif action == "store_true" or option.name in _SWITCHES_WITHOUT_INI:
            group.addoption(option.flag, action="store_true", default=None, help=option.help)
        else:
            group.addoption(
                option.flag, action=action, default=None, metavar=option.metavar, help=option.help
            )
        if option.ini is not None:
            parser.addini(option.name, option.help, type=option.ini, default=None)  # type: ignore[arg-type]  # a Literal there


def option_value(config: pytest.Config, name: str) -> tuple[Any, str]:
    """Return the value of option ``name`` (None: not said) and where it came from."""
    if (value := config.getoption(name)) is not None:
        return value, "option"
    if _INI[name] is not None and (value := config.getini(name)) not in (None, "", []):
        return value, "ini"
    return None, "default"


def switched_on(config: pytest.Config) -> bool:
    """Return whether anything switches the plugin on: an option, addopts or an ini value."""
    return any(option_value(config, name)[0] for name in SWITCHES)


def switched_on_by_command_line(config: pytest.Config) -> bool:
    """Return whether an option (typed, or from addopts) does: only that replaces the tests."""
    return any(config.getoption(name) for name in SWITCHES)
