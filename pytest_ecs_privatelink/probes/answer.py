"""Answer a question about the path with the probe that is made for it."""

from pytest_ecs_privatelink.probes.connect import connect
from pytest_ecs_privatelink.probes.dns import resolve
from pytest_ecs_privatelink.probes.records import DnsQuestion, PathAnswer, PathQuestion


async def answer(question: PathQuestion) -> PathAnswer:
    """Probe once, here and now; how the path behaved is in the answer, never an exception."""
    if isinstance(question, DnsQuestion):
        return await resolve(question)
    return await connect(question)
