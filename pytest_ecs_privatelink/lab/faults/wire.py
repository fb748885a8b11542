"""Faults of the twin: what its resolver and its listeners do wrong."""

from pytest_ecs_privatelink.lab.expectations import Expected, unconnected, unresolved
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.verdict import Code


def _in_twin(
    code: Code, summary: str, expected: tuple[Expected, ...], service: str | None = "logs"
) -> Fault:
    return Fault(
        name=str(code),
        code=code,
        summary=summary,
        twin=(TwinFault(code, service),),
        expected=expected,
    )


FAULTS = (
    _in_twin(
        Code.DNS_TIMEOUT, "the resolver is silent", unresolved(Code.DNS_TIMEOUT), service=None
    ),
    *(
        _in_twin(code, f"the resolver {does} for the name of logs", unresolved(code, "logs"))
        for code, does in (
            (Code.DNS_SERVFAIL, "answers SERVFAIL"),
            (Code.DNS_REFUSED, "answers REFUSED"),
            (Code.DNS_NXDOMAIN, "answers NXDOMAIN"),
            (Code.DNS_PUBLIC_ANSWER, "gives public addresses"),
        )
    ),
    *(
        _in_twin(code, f"the endpoint for logs {does}", unconnected(code, "logs"))
        for code, does in (
            (Code.TCP_TIMEOUT, "loses every packet"),
            (Code.TCP_REFUSED, "refuses connections"),
            (Code.TCP_UNREACHABLE, "is unreachable, says a router"),
            (Code.TLS_HANDSHAKE, "speaks plain text on 443"),
            (Code.TLS_CERTIFICATE, "presents an expired certificate"),
        )
    ),
)
