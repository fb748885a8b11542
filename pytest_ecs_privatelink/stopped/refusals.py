"""What refused a call of a task's start, in AWS's words for policies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_ecs_privatelink.probes.call_records import Denier, Link
from pytest_ecs_privatelink.probes.refusals import read_refusal

_REFUSED = re.compile(
    r"not authorized to perform|\bAccessDenied|UnauthorizedOperation|with an explicit deny"
    r"|api error Forbidden|\b403 Forbidden|(?:HTTP|code|status)\W{0,3}403\b|\bAccess to KMS\b"
    r"|\bKMS\w+Exception\b",
    re.IGNORECASE,
)
_KMS = re.compile(r"\bKMS\w+Exception\b")

WHOSE: Mapping[Denier, str] = MappingProxyType(
    {
        Denier.ENDPOINT_POLICY: "the VPC endpoint policy",
        Denier.IDENTITY: "IAM: no policy of the task execution role allows it, or one denies it",
        Denier.RESOURCE: "a resource-based policy",
        Denier.ORGANIZATION: "a policy of the organization",
        Denier.KMS: "KMS: the key's policy, or the role's",
        Denier.UNSAID: "a policy that the text does not name",
    }
)
ADVICE: Mapping[Denier, str] = MappingProxyType(
    {
        Denier.ENDPOINT_POLICY: "allow it in the policy of the VPC endpoint",
        Denier.IDENTITY: "allow it in the task execution role's policies, and look at their "
        "conditions",
        Denier.RESOURCE: "look at the resource's own policy",
        Denier.ORGANIZATION: "look at the service and resource control policies",
        Denier.KMS: "let the task execution role decrypt with the key (kms:Decrypt)",
        Denier.UNSAID: "look at the task execution role's policies, then at the policy of the VPC "
        "endpoint",
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which kind of policy refused which action."""

    denied_by: Denier
    action: str | None


def refusal_in(text: str) -> Refusal | None:
    """Return the refusal that ``text`` tells of; None for none."""
    if not _REFUSED.search(text):
        return None
    code = named[0] if (named := _KMS.search(text)) else "AccessDeniedException"
    outcome = read_refusal(Link.SECRET, "", 403, code, text)
    return Refusal(outcome.denied_by or Denier.UNSAID, outcome.action or None)
