"""Whether a policy that refused a call hangs on who calls: the runner is not the tasks (R19)."""

from pytest_ecs_privatelink.audits.policies.document import Unreadable, parse
from pytest_ecs_privatelink.audits.policies.evaluate import Outcome, decide
from pytest_ecs_privatelink.audits.policies.needs import CALLS, Ask
from pytest_ecs_privatelink.audits.policies.requests import requests
from pytest_ecs_privatelink.audits.policies.serving import serving
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot

_PRINCIPAL = "the Principal"
_OF_CALLERS = ("aws:principal", "aws:user", "aws:federated", "aws:sourceidentity")


def hangs_on_caller(action: str, snapshot: Snapshot) -> bool:
    """Return whether an endpoint's policy may allow ``action`` to others than who was refused.

    False, too, where nobody knows the policy.
    """
    return any(
        _depends(endpoint, action, snapshot)
        for service, calls in CALLS.items()
        if action in calls.actions
        for endpoint in serving(snapshot, service)
    )


def _depends(endpoint: Endpoint, action: str, snapshot: Snapshot) -> bool:
    document = None if endpoint.policy is None else parse(endpoint.policy)
    if document is None or isinstance(document, Unreadable):
        return False
    decisions = [
        decide((document,), request)
        for request in requests(snapshot, endpoint, Ask(action, "*"), ())
    ]
    return any(
        each.outcome is Outcome.UNKNOWN and any(map(_is_of_caller, each.open)) for each in decisions
    )


def _is_of_caller(what: str) -> bool:
    return what == _PRINCIPAL or what.lower().startswith(_OF_CALLERS)
