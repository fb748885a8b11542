"""Answer any question with the probe that is made for it."""

from pytest_ecs_privatelink.probes.agent_records import AgentQuestion
from pytest_ecs_privatelink.probes.answer import answer as answer_path
from pytest_ecs_privatelink.probes.call_records import CallQuestion, Credentials
from pytest_ecs_privatelink.probes.records import Answer, Question

# A DNS question holds two sockets, and 1024 file descriptors are the usual limit of a process.
MOST_AT_ONCE = 256


async def answer(question: Question, credentials: Credentials | None = None) -> Answer:
    """Probe once, here and now; how it went is in the answer, never an exception.

    Only questions of `CallQuestion` need ``credentials``.
    """
    # Imported late: a host compiles all that it imports, and most batches make no calls.
    if isinstance(question, CallQuestion):
        from pytest_ecs_privatelink.vantage.calling import answer_call

        return await answer_call(question, credentials)
    if isinstance(question, AgentQuestion):
        from pytest_ecs_privatelink.probes import agent

        return await agent.look(question)
    return await answer_path(question)
