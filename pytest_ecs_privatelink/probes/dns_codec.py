"""DNS queries and responses by dnspython; `dns_plain` stands in for it on hosts."""

import dns.exception
import dns.flags
import dns.message
import dns.name

from pytest_ecs_privatelink.probes.dns_response import (
    CONTRADICTORY,
    ENDLESS,
    MALFORMED,
    TOO_SHORT,
    MalformedError,
    Response,
)

_WORDS: dict[type[Exception], str] = {
    dns.message.ShortHeader: TOO_SHORT,
    dns.message.ChainTooLong: ENDLESS,
    dns.message.AnswerForNXDOMAIN: CONTRADICTORY,
}


class Query:
    """The question for records of ``kind`` (``A`` or ``AAAA``) of an absolute name, with an id.

    Raises ValueError where ``name`` is none. ``payload`` is how long an answer by UDP may be.
    """

    def __init__(self, name: str, kind: str, payload: int) -> None:
        try:
            asked = dns.name.from_text(name)
        except dns.exception.DNSException as error:
            raise ValueError(str(error)) from None
        self._message = dns.message.make_query(asked, kind, use_edns=0, payload=payload)
        self.wire = self._message.to_wire()

    def read(self, wire: bytes, *, last: bool = False) -> Response | None:
        """Return what ``wire`` answers, None where it answers somebody else.

        ``last``: it is read as far as it goes, truncated or not. Raises `MalformedError`.
        """
        try:
            message = _parse(wire)
            if not self._message.is_response(message):
                return None
            return _read(message, last)
        except dns.exception.DNSException as error:
            raise MalformedError(_WORDS.get(type(error), MALFORMED)) from None


def _parse(wire: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(wire, raise_on_truncation=True)
    except dns.message.Truncated as error:
        truncated: dns.message.Message = error.message()  # type: ignore[no-untyped-call]  # theirs
        return truncated


def _read(message: dns.message.Message, last: bool) -> Response:
    rcode = int(message.rcode())
    if message.flags & dns.flags.TC and not last:
        return Response(rcode=rcode, truncated=True)
    assert isinstance(message, dns.message.QueryMessage)  # of the query's own opcode
    if not message.question:
        # Allowed in bare error answers only, which have no chain to follow.
        return Response(rcode=rcode)
    result = message.resolve_chaining()
    return Response(
        rcode=rcode,
        chain=tuple(record[0].target.to_text(omit_final_dot=True) for record in result.cnames),
        addresses=tuple(sorted(record.address for record in result.answer or ())),
    )
