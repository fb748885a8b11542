"""What codes of container agents mean where no finding of the snapshot says so already."""

from pytest_ecs_privatelink.diagnosis.grouping import Axis
from pytest_ecs_privatelink.diagnosis.live_code import LiveCode
from pytest_ecs_privatelink.verdict import Code

_RUN = (
    "ssm send-command --document-name AWS-RunShellScript --instance-ids {instances} "
    "--parameters 'commands=[%s]'"
)
_START = _RUN % '"systemctl start ecs"'
_RESTART = _RUN % '"docker stop ecs-agent","docker start ecs-agent"'
_ENDPOINTS = "ec2 describe-vpc-endpoints --vpc-endpoint-ids {endpoints}"
_REBOOT = "ec2 reboot-instances --instance-ids {instances}"
_STALE = "restart the agents (docker stop ecs-agent, docker start ecs-agent), or reboot"
# No endpoint is to blame for what becomes of agents: where they stand comes first.
_AXES = (Axis.SUBNET, Axis.VPC, Axis.SERVICE)

LIVE_AGENT: dict[Code, LiveCode] = {
    Code.AGENT_DISCONNECTED: LiveCode(
        cases=(
            "the agents of {agents} in {subnets} do not answer, or are not connected to ECS; look "
            "at whether they run (systemctl status ecs), then at /var/log/ecs/ecs-agent.log",
        ),
        says="agents in {subnets} do not answer, or are not connected to ECS",
        next="whether they run (systemctl status ecs), then at /var/log/ecs/ecs-agent.log",
        cli=(_START,),
        axes=_AXES,
    ),
    Code.AGENT_PUBLIC_PATH: LiveCode(
        cases=(
            "the agents of {agents} in {subnets} reach the ECS API by the public way; look at what "
            "the name of ecs resolves to there, then at the proxies in /etc/ecs/ecs.config, whose "
            "NO_PROXY has to name it",
        ),
        says="agents in {subnets} reach the ECS API by the public way",
        next="what the name of ecs resolves to there, then at the proxies in /etc/ecs/ecs.config, "
        "whose NO_PROXY has to name it",
        cli=(_ENDPOINTS,),
        axes=_AXES,
    ),
    Code.AGENT_STALE: LiveCode(
        cases=(
            "the agents of {agents} in {subnets} were started before their endpoints were created, "
            f"and may stay on the public ones for 12 hours: {_STALE}",
        ),
        says="agents in {subnets} were started before their endpoints were created",
        next=f"when they were started; {_STALE}",
        cli=(_RESTART, _REBOOT),
        axes=_AXES,
    ),
    Code.ENDPOINT_ORDER: LiveCode(
        says="agents in {subnets} ran while the endpoints were created in another order than "
        "ecs-agent, ecs-telemetry, ecs",
        next=f"when they were started; {_STALE}",
        cli=(_RESTART, _REBOOT),
        axes=_AXES,
    ),
    Code.AGENT_TOO_OLD: LiveCode(
        cases=("the agents of {agents} in {subnets} are older than 1.25.1: update them",),
        says="agents in {subnets} are older than 1.25.1",
        next="their versions, and update them",
        cli=(_RUN % '"yum update -y ecs-init"',),
        axes=_AXES,
    ),
}
"""Entries of `live.LIVE`."""
