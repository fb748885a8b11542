"""Questions that claims put to a vantage, and answers of the kind that was asked for."""

from pytest_ecs_privatelink.claims.terms import Ask, Terms
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    DnsAnswer,
    DnsQuestion,
)
from pytest_ecs_privatelink.verdict import Cell


async def ask_dns(name: str, resolver: str | None, terms: Terms, ask: Ask) -> DnsAnswer:
    """Resolve ``name`` by the host's own resolution (None) or by ``resolver``."""
    question = DnsQuestion(name=name, resolver=resolver, timeout=terms.timeout)
    answer = await ask(question)
    if not isinstance(answer, DnsAnswer):
        raise TypeError(f"{type(answer).__name__} in answer to {question}")
    return answer


async def ask_connect(name: str, address: str, cell: Cell, terms: Terms, ask: Ask) -> ConnectAnswer:
    """Ask whether ``address`` serves ``name`` on 443; the same question in all claims."""
    question = ConnectQuestion(
        address=address,
        server_name=name,
        ca_file=terms.ca_file,
        timeout=terms.timeout,
        launch_types=terms.service(cell.service).launch_types,
    )
    answer = await ask(question)
    if not isinstance(answer, ConnectAnswer):
        raise TypeError(f"{type(answer).__name__} in answer to {question}")
    return answer
