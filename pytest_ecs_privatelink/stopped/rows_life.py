"""Words of a task that found no place, and of one that had started."""

from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.stopped.row import Kind, Row
from pytest_ecs_privatelink.verdict import Code

_PAGE = "AmazonECS, stopped-task-error-codes"
_FAILURES = "Amazon ECS API failure reasons"

PLACEMENT_ROWS = (
    Row(
        id="agent-disconnected",
        kind=Kind.WHOLE,
        seen=r"^['\"]?AGENT['\"]?$|\breason['\"]?\s*[:=]\s*['\"]?AGENT\b",
        phase=Phase.PLACEMENT,
        own=Code.AGENT_DISCONNECTED,
        says="the agent of the container instance is not connected, so ECS gives it no task",
        advice="look at the instance's agent, and at its way to ecs, ecs-agent and ecs-telemetry",
        source="33",
    ),
    Row(
        id="no-capacity",
        kind=Kind.WHOLE,
        seen=r"\bCapacity is unavailable at this time\b|\bRESOURCE:(?:CPU|MEMORY|PORTS|GPU)\b"
        r"|\bRESOURCE:ENI\b|\bNo Container Instances were found\b"
        r"|reached the limit on the number of (?:tasks|vCPUs)",
        phase=Phase.PLACEMENT,
        says="there is no room for the task: it is not the network",
        advice="try again, in other zones, or with more or larger instances",
        source=_FAILURES,
    ),
    Row(
        id="role-not-assumed",
        kind=Kind.WHOLE,
        seen=r"unable to assume the role",
        phase=Phase.PLACEMENT,
        says="ECS may not act as the role of the task: it is not the network",
        advice="let ecs-tasks.amazonaws.com assume the role (its trust policy)",
        source=_PAGE,
    ),
    Row(
        id="subnet-full",
        kind=Kind.WHOLE,
        seen=r"InsufficientFreeAddresses|insufficient free addresses"
        r"|attempting to create network interface(?!.*(?:UnauthorizedOperation|RequestLimit"
        r"|SecurityGroup|InvalidSubnet))",
        phase=Phase.INTERFACE,
        own=Code.SUBNET_ADDRESSES_EXHAUSTED,
        says="the subnet has no address left for the task's interface: it is not a path",
        advice="free addresses, or give the ECS service another subnet",
        source="35",
    ),
    Row(
        id="interface-slow",
        kind=Kind.WHOLE,
        seen=r"timeout waiting for network interface provisioning",
        phase=Phase.INTERFACE,
        says="AWS did not make the task's network interface in time: it is not the network",
        advice="try again; if it stays, look at EC2's limits of interfaces and API calls",
        source=_PAGE,
    ),
    Row(
        id="interface-throttled",
        kind=Kind.WHOLE,
        seen=r"\bnetwork interface\b.*(?:RequestLimitExceeded|Rate exceeded)",
        phase=Phase.INTERFACE,
        says="EC2 throttles the making of the task's network interface: it is not the network",
        advice="try again when less is started; if it stays, look at EC2's limits of API calls",
        source=_PAGE,
    ),
)
"""Tasks that never had a place."""

PASSING = frozenset({"no-capacity", "interface-slow", "interface-throttled"})
"""Of these rows, by id, the next attempt may find nothing: they say nothing of the VPC."""

RUN_ROWS = (
    Row(
        id="command-missing",
        kind=Kind.WHOLE,
        seen=r"executable file not found|stat \S+: no such file or directory"
        r"|exec: .*no such file or directory",
        phase=Phase.START,
        says="the image was pulled, and has no such command: it is not the network",
        advice="mend the command or entry point, or take an image that has it",
        source=f"{_PAGE}; runc's texts",
    ),
    Row(
        id="architecture",
        kind=Kind.WHOLE,
        seen=r"exec format error",
        phase=Phase.START,
        says="the image was pulled, and is for another CPU architecture: it is not the network",
        advice="build the image for the task's CPU architecture, or set runtimePlatform",
        source=f"{_PAGE}; runc's texts",
    ),
    Row(
        id="out-of-memory",
        kind=Kind.WHOLE,
        seen=r"\bOutOfMemory(?:Error)?\b",
        phase=Phase.RUN,
        says="the container started, and used more memory than it may: it is not the network",
        advice="give the container or the task more memory",
        source=_PAGE,
    ),
    Row(
        id="unhealthy",
        kind=Kind.WHOLE,
        seen=r"Task failed (?:ELB|container) health checks|failed (?:ELB|container) health checks",
        phase=Phase.RUN,
        says="the task started, and its health checks failed",
        advice="look at what the check asks, and at the security groups between it and the task",
        source=_PAGE,
    ),
    Row(
        id="host-gone",
        kind=Kind.WHOLE,
        seen=r"Your Spot Task was interrupted|^SpotInterruption$|^TerminationNotice$"
        r"|Host EC2 \(instance .*(?:terminated|stopped)|maintenance on the underlying",
        phase=Phase.RUN,
        says="AWS took the task's machine away: it is not the network",
        advice="start the task again",
        source=_PAGE,
    ),
    Row(
        id="stopped-on-purpose",
        kind=Kind.WHOLE,
        seen=r"Scaling activity initiated by|Task stopped by|^UserInitiated$"
        r"|^ServiceSchedulerInitiated$",
        phase=Phase.RUN,
        says="somebody, or its ECS service, had the task stopped: it is not the network",
        advice="nothing is wrong with the task's start",
        source=_PAGE,
    ),
    Row(
        id="exited",
        kind=Kind.VAGUE,
        seen=r"Essential container in task exited|^EssentialContainerExited$",
        phase=Phase.RUN,
        says="the task started, and its container ended by itself",
        advice="read the container's log",
        source=_PAGE,
    ),
)
"""Tasks that had their image."""
