"""Look at a container instance's agent: what it says, and where the ECS API sends it."""

from pytest_ecs_privatelink.probes.agent_records import AgentAnswer, AgentQuestion


async def look(question: AgentQuestion) -> AgentAnswer:
    """Ask the agent on this machine, its Docker daemon, and the ECS API in its name."""
    raise NotImplementedError(question)
