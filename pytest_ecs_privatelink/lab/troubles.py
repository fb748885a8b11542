"""What an API does wrong in the twin, by the live code that it is to cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_ecs_privatelink.lab.called import Called
from pytest_ecs_privatelink.lab.gate import not_authorized
from pytest_ecs_privatelink.lab.refusals import refused, told
from pytest_ecs_privatelink.lab.twin_plan import Premises
from pytest_ecs_privatelink.lab.web import Reply
from pytest_ecs_privatelink.verdict import Code

_EXPLICIT = "with an explicit deny in a service control policy"
_DENIED, _NOT_FOUND = "AccessDeniedException", "ResourceNotFoundException"
_WRITES = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
_TOKEN = frozenset({"ecr:GetAuthorizationToken"})
_FETCH = frozenset({"secretsmanager:GetSecretValue"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """How calls of ``actions`` (empty: of all) end instead of being answered.

    ``silent``: nothing is said. ``error`` None: the call is accepted, and nothing done. ``message``
    None is the refusal of a service control policy.
    """

    actions: frozenset[str] = frozenset()
    silent: bool = False
    error: str | None = None
    message: str | None = None

    def reply(self, premises: Premises, asked: Called) -> Reply:
        """Return the answer, in AWS's words."""
        if self.error is None:
            return told({})
        if self.message is not None:
            return refused(self.error, self.message)
        said = not_authorized(premises, asked.action, asked.resources[0])
        return refused(self.error, f"{said} {_EXPLICIT}")


TROUBLES: Mapping[Code, Trouble] = MappingProxyType(
    {
        Code.ECR_AUTH: Trouble(actions=_TOKEN, error=_DENIED),
        Code.LOGS_UNREACHABLE: Trouble(silent=True),
        Code.LOGS_DENIED: Trouble(actions=_WRITES, error=_DENIED),
        Code.LOGS_GROUP_MISSING: Trouble(
            actions=_WRITES,
            error=_NOT_FOUND,
            message="The specified log group does not exist.",
        ),
        Code.LOGS_NOT_DELIVERED: Trouble(actions=frozenset({"logs:PutLogEvents"})),
        Code.SECRET_UNREACHABLE: Trouble(silent=True),
        Code.SECRET_DENIED: Trouble(
            actions=_FETCH, error=_DENIED, message="Access to KMS is not allowed"
        ),
        Code.SECRET_MISSING: Trouble(
            actions=_FETCH,
            error=_NOT_FOUND,
            message="Secrets Manager can't find the specified secret.",
        ),
    }
)
"""Wording by FACTS section 4.1 and the services' API references."""


def trouble_with(codes: Iterable[Code], action: str) -> Trouble | None:
    """Return the first of the troubles ``codes`` that a call of ``action`` runs into."""
    for code in codes:
        trouble = TROUBLES.get(code)
        if trouble is not None and (not trouble.actions or action in trouble.actions):
            return trouble
    return None
