"""The address that was dialled, and whether it is a private one."""

import ipaddress
import re
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = r"(?:\[([0-9A-Fa-f:.]+)(?:%\w+)?\]|(\d{1,3}(?:\.\d{1,3}){3}))"
_DIALLED = (
    re.compile(rf"\bdial tcp {_HOST}:\d+"),
    re.compile(rf"\b(?:read|write) tcp \S+->{_HOST}:\d+"),
    re.compile(rf"(?<![\w.>-])(?<!on ){_HOST}:\d+: i/o timeout"),
)
# What no public server can have: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291.
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(cidr)
    for cidr in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("fc00::/7", "fe80::/10"),
    )
)


def dialled_address(text: str) -> Address | None:
    """Return the address of the last connection that ``text`` tells of; None for none.

    A name server is none: nothing but its answer was wanted of it.
    """
    found = [each for pattern in _DIALLED for each in pattern.finditer(text)]
    for each in sorted(found, key=lambda match: match.start(), reverse=True):
        try:
            address = ipaddress.ip_address(each[1] or each[2])
        except ValueError:  # 999.1.1.1
            continue
        mapped = getattr(address, "ipv4_mapped", None)
        return mapped or address
    return None


def is_private(address: Address, ranges: Iterable[str] = ()) -> bool:
    """Return whether ``address`` is one of a private network: by its kind, or of ``ranges``.

    ``ranges`` are the VPC's CIDR blocks. Without them a VPC of a range such as 20.10.0.0/16 cannot
    be told from the internet.
    """
    return any(
        address in ipaddress.ip_network(each, strict=False) for each in (*_NEVER_PUBLIC, *ranges)
    )
