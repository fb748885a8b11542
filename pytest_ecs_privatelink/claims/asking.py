"""Questions that claims put to a vantage, and answers of the kind that was asked for."""

from typing import TypeVar

from pytest_ecs_privatelink.claims.foreseen import dialling
from pytest_ecs_privatelink.claims.terms import Answered, Ask, Asked, Terms
from pytest_ecs_privatelink.probes.records import ConnectAnswer, DnsAnswer, DnsQuestion
from pytest_ecs_privatelink.verdict import Cell

A = TypeVar("A", bound=Answered)


async def ask_for(kind: type[A], question: Asked, ask: Ask) -> A:
    """Put ``question``; `TypeError` where the answer is not of its kind."""
    answer = await ask(question)
    if not isinstance(answer, kind):
        raise TypeError(f"{type(answer).__name__} in answer to {question}")
    return answer


async def ask_dns(name: str, resolver: str | None, terms: Terms, ask: Ask) -> DnsAnswer:
    """Resolve ``name`` by the host's own resolution (None) or by ``resolver``."""
    question = DnsQuestion(name=name, resolver=resolver, timeout=terms.timeout)
    return await ask_for(DnsAnswer, question, ask)


async def ask_connect(name: str, address: str, cell: Cell, terms: Terms, ask: Ask) -> ConnectAnswer:
    """Ask whether ``address`` serves ``name`` on 443; the same question in all claims."""
    question = dialling(name, address, terms.service(cell.service), terms)
    return await ask_for(ConnectAnswer, question, ask)
