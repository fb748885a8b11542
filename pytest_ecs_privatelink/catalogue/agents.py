"""What ECS container agents must be, and where they must be sent (R13, R17, R18)."""

import re
from datetime import timedelta

OLDEST = (1, 25, 1)
"""The first version that can use the endpoints (R13)."""
# An agent keeps the answer of DiscoverPollEndpoint for 12 hours (amazon-ecs-agent v1.105.1,
# ecs_client.go, defaultPollEndpointCacheTTL); then it learns of endpoints without a restart.
REMEMBERED = timedelta(hours=13)
"""How long an agent may go on as it did before an endpoint was created."""
STANDS_AT = "ecs-agent"
"""The endpoint service at which the claim about agents has its cells."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
# DiscoverPollEndpoint, called by way of the public side, may answer with one of several fleets.
_NUMBERED = re.compile(r"ecs-[at]-\d+\.", re.IGNORECASE)


def version_of(text: str | None) -> tuple[int, ...] | None:
    """Return the numbers of a version such as ``v1.90.0``, None where it is none."""
    found = _VERSION.match(text or "")
    return tuple(map(int, found.groups())) if found else None


def is_numbered(host: str) -> bool:
    """Whether ``host`` is one of a public fleet (``ecs-a-4.REGION...``): no endpoint has it."""
    return _NUMBERED.match(host) is not None
