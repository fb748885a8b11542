"""Faults of container instances: their agents, and when the endpoints were made that these use.

The cloud says them of the agents, so that audits see them where the agents themselves tell it; what
agents do is the twin's.
"""

from functools import partial

from pytest_ecs_privatelink.lab import agent_faults
from pytest_ecs_privatelink.lab.expectations import ended, tasks
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.verdict import Claim, Code, LaunchType, Verdict

# ECS places no task on an instance whose agent is not there.
_UNPLACED = tasks(Verdict.ERROR, LaunchType.EC2)

FAULTS = (
    Fault(
        name="endpoint-order",
        code=Code.ENDPOINT_ORDER,
        summary="the three ecs endpoints were created in reverse, with instances there",
        break_cloud=agent_faults.registered_days_ago,
        edit=agent_faults.made_in_reverse,
        expected=ended(Claim.AGENT, Code.ENDPOINT_ORDER, verdict=Verdict.WARNED),
        findings=(Code.ENDPOINT_ORDER,),
    ),
    Fault(
        name="agent-too-old",
        code=Code.AGENT_TOO_OLD,
        summary="the container instances have agent 1.25.0",
        break_cloud=partial(agent_faults.told, version="1.25.0"),
        expected=ended(Claim.AGENT, Code.AGENT_TOO_OLD),
        findings=(Code.AGENT_TOO_OLD,),
    ),
    Fault(
        name="agent-stale",
        code=Code.AGENT_STALE,
        summary="the agents were started an hour before the ecs endpoints were created",
        break_cloud=agent_faults.registered_an_hour_ago,
        expected=ended(Claim.AGENT, Code.AGENT_STALE),
        findings=(Code.AGENT_STALE,),
    ),
    Fault(
        name="agent-disconnected",
        code=Code.AGENT_DISCONNECTED,
        summary="the agents run, and are not connected",
        break_cloud=partial(agent_faults.told, connected="false"),
        expected=(*ended(Claim.AGENT, Code.AGENT_DISCONNECTED), *_UNPLACED),
        findings=(Code.AGENT_DISCONNECTED,),
    ),
    Fault(
        name="agent-disconnected-not-running",
        code=Code.AGENT_DISCONNECTED,
        summary="no agent runs on the container instances",
        break_cloud=partial(agent_faults.told, connected="false"),
        twin=(TwinFault(Code.AGENT_DISCONNECTED),),
        expected=(*ended(Claim.AGENT, Code.AGENT_DISCONNECTED), *_UNPLACED),
        findings=(Code.AGENT_DISCONNECTED,),
    ),
    Fault(
        name="agent-disconnected-flapping",
        code=Code.AGENT_DISCONNECTED,
        summary="the agents are not connected when they are read, and soon after they are",
        break_cloud=partial(agent_faults.told, connected="false,true"),
        findings=(Code.AGENT_DISCONNECTED,),
    ),
    Fault(
        name="agent-public-path",
        code=Code.AGENT_PUBLIC_PATH,
        summary="DiscoverPollEndpoint sends the agents to numbered hosts, which are public",
        twin=(TwinFault(Code.AGENT_PUBLIC_PATH, "ecs"),),
        expected=ended(Claim.AGENT, Code.AGENT_PUBLIC_PATH),
    ),
    Fault(
        name="agent-public-path-proxy",
        code=Code.AGENT_PUBLIC_PATH,
        summary="the agents have HTTP_PROXY and no NO_PROXY, and so call the ecs API by a proxy",
        twin=(TwinFault(Code.AGENT_PUBLIC_PATH),),
        expected=ended(Claim.AGENT, Code.AGENT_PUBLIC_PATH, verdict=Verdict.WARNED),
    ),
)
