"""Looks at the lab's agents as a run looks at AWS's, without the minutes that those may take."""

from dataclasses import replace

from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer, ConnectionQuestion
from pytest_ecs_privatelink.targets.agent_watch import AgentWatch

_INTERVAL, _PATIENCE = 0.1, 1.0


class HastyWatch(AgentWatch):
    """Looks often and gives up soon: the lab's agents come and go by looks, not by the clock."""

    async def connected(self, question: ConnectionQuestion) -> ConnectionAnswer:
        """Look until the agent is connected, for a second where it was to be for minutes."""
        interval, patience = min(question.interval, _INTERVAL), min(question.patience, _PATIENCE)
        return await super().connected(replace(question, interval=interval, patience=patience))
