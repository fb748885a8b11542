"""Endpoint policies in force: what may pass through an endpoint, and how AWS says that it may not.

A policy denies what it denies and what it does not allow. Where it hangs on what the twin cannot
know (tags, an organization), it lets pass; one that is not understood is none.
"""

from collections.abc import Iterable
from dataclasses import replace

from pytest_ecs_privatelink.audits.policies.conditions import Foreign, Keys
from pytest_ecs_privatelink.audits.policies.document import Document, parse
from pytest_ecs_privatelink.audits.policies.evaluate import Decision, Outcome, Request, decide
from pytest_ecs_privatelink.audits.policies.requests import role_keys, stranger_keys
from pytest_ecs_privatelink.lab.twin_plan import EndpointPolicy, Premises, TwinPlan, Way
from pytest_ecs_privatelink.lab.web import Caller
from pytest_ecs_privatelink.lab.world_ecs import INSTANCE_ROLE

SESSION = "lab"
"""The session of the role that asks."""


class Gate:
    """The policies of one twin's endpoints, asked by who calls whom."""

    def __init__(self, plan: TwinPlan) -> None:
        self._premises = plan.premises
        self._of_servers = {
            server.address: server.policy for server in plan.servers if server.policy is not None
        }
        self._of_gateways = {
            source: gateway.policy for gateway in plan.gateways for source in gateway.sources
        }
        self._documents: dict[str, Document | None] = {}

    def refusal(self, caller: Caller, action: str, resources: Iterable[str]) -> str | None:
        """Return AWS's words for a call that the endpoint's policy stops; None: it may pass.

        Wording by FACTS section 4.1, rows 7, 26 and 29.
        """
        account = self._premises.account
        role = None if _is_agents(action) else self._premises.role
        for resource in resources:
            request = Request(
                action=action,
                resource=resource,
                keys={} if role is None else role_keys(role),
                principal=role,
                account=account,
            )
            decision = self._decision(caller, request)
            if decision.outcome is Outcome.DENIED:
                said = not_authorized(self._premises, action, resource)
                return f"{said} {_because(decision, action)}"
        return None

    def stops_download(self, caller: Caller, arn: str) -> bool:
        """Return whether a policy stops s3:GetObject on ``arn``, signed by a key of AWS's own."""
        account = self._premises.account
        request = Request(
            action="s3:GetObject",
            resource=arn,
            keys=stranger_keys(account),
            principal=Foreign(account),
        )
        return self._decision(caller, request).outcome is Outcome.DENIED

    def _decision(self, caller: Caller, request: Request) -> Decision:
        """Return what the policy on the way says to a request whose own keys alone are known."""
        policy = self._policy(caller)
        document = None if policy is None else self._document(policy)
        if policy is None or document is None:
            return Decision(Outcome.ALLOWED)
        keys = {**self._keys(policy, request.resource), **request.keys}
        return decide((document,), replace(request, keys=keys))

    def _policy(self, caller: Caller) -> EndpointPolicy | None:
        if caller.way is Way.GATEWAY:
            return self._of_gateways.get(caller.client)
        return self._of_servers.get(caller.server)

    def _document(self, policy: EndpointPolicy) -> Document | None:
        if policy.document not in self._documents:
            parsed = parse(policy.document)
            self._documents[policy.document] = parsed if isinstance(parsed, Document) else None
        return self._documents[policy.document]

    def _keys(self, policy: EndpointPolicy, resource: str) -> Keys:
        account = resource.split(":")[4:5]
        return {
            "aws:securetransport": ("true",),
            "aws:requestedregion": (self._premises.region,),
            "aws:viaawsservice": ("false",),
            "aws:sourcevpc": (self._premises.vpc,),
            "aws:sourcevpce": (policy.endpoint,),
            **({"aws:resourceaccount": (account[0],)} if account and account[0].isdigit() else {}),
        }


def not_authorized(premises: Premises, action: str, resource: str) -> str:
    """Return the sentence that AWS's refusals begin with."""
    role = premises.role
    if _is_agents(action):
        role = f"{role.rpartition('/')[0]}/{INSTANCE_ROLE}"
    session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    return (
        f"User: {session}/{SESSION} is not authorized to perform: {action} on resource: {resource}"
    )


def _is_agents(action: str) -> bool:
    """Whether agents call it, by the role of their instance, of which a snapshot tells nothing."""
    return action.startswith("ecs:")


def _because(decision: Decision, action: str) -> str:
    if decision.by is not None:
        return "with an explicit deny in a VPC endpoint policy"
    return f"because no VPC endpoint policy allows the {action} action"
