"""What a DNS response says of the one question that was asked, whoever read its bytes."""

from dataclasses import dataclass

NOERROR, NXDOMAIN, SERVFAIL, REFUSED = 0, 3, 2, 5

TOO_SHORT = "it is too short for a DNS message"
MALFORMED = "it is a malformed DNS message"
ENDLESS = "its CNAME chain has no end"
CONTRADICTORY = "it says NXDOMAIN of a name and answers for it"

_NAMES = {
    **dict(
        enumerate(
            [
                "NOERROR",
                "FORMERR",
                "SERVFAIL",
                "NXDOMAIN",
                "NOTIMP",
                "REFUSED",
                "YXDOMAIN",
                "YXRRSET",
            ]
        )
    ),
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    11: "DSOTYPENI",
    **dict(
        enumerate(["BADVERS", "BADKEY", "BADTIME", "BADMODE", "BADNAME", "BADALG", "BADTRUNC"], 16)
    ),
    23: "BADCOOKIE",
}


class MalformedError(Exception):
    """What came from the resolver's address is no answer to the question; one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer to the question: ``chain`` holds the CNAMEs in order, ``addresses`` is sorted.

    Of a ``truncated`` one that can be asked for again nothing else is read.
    """

    rcode: int
    truncated: bool = False
    chain: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The name of the rcode, or its number."""
        return _NAMES.get(self.rcode, str(self.rcode))
