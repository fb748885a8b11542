"""What answers for AWS's APIs in the twin: policies and faults here, all else in the cloud behind.

Tokens for the registry are the twin's own (the emulator's ended in 2015), and so is where agents
are sent, for which the way counts that a call came. The rest goes to the cloud as it came, and its
answer back, refusals and unimplemented calls included.
"""

from dataclasses import replace
from datetime import datetime

from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.called import called
from pytest_ecs_privatelink.lab.cloud_line import CloudLine
from pytest_ecs_privatelink.lab.gate import Gate
from pytest_ecs_privatelink.lab.poll_endpoints import DISCOVER, poll_endpoints
from pytest_ecs_privatelink.lab.refusals import identified, refused, told
from pytest_ecs_privatelink.lab.tokens import Clock, Tokens, clock
from pytest_ecs_privatelink.lab.troubles import trouble_with
from pytest_ecs_privatelink.lab.twin_plan import TwinPlan, Way
from pytest_ecs_privatelink.lab.web import Call, Reply
from pytest_ecs_privatelink.verdict import Code

_TOKEN = "ecr:GetAuthorizationToken"  # noqa: S105  (an action)


class Relay:
    """Answers calls to every service's API."""

    def __init__(
        self, plan: TwinPlan, gate: Gate, tokens: Tokens, line: CloudLine, clock: Clock = clock
    ) -> None:
        self._premises = plan.premises
        self._troubles = {server.address: server.troubles for server in plan.servers}
        self._public = {each.address for each in plan.servers if Way.NAT in each.ways}
        self._gate = gate
        self._tokens = tokens
        self._line = line
        self._clock = clock

    async def answer(self, call: Call) -> Reply | None:
        """Return the service's answer; None where it is to say nothing."""
        asked = called(call, self._premises)
        trouble = trouble_with(self._troubles.get(call.caller.server, ()), asked.action)
        if trouble is not None and trouble.silent:
            return None
        if "authorization" not in call.headers:
            return refused(
                "MissingAuthenticationTokenException", "Missing Authentication Token", status=403
            )
        stopped = self._gate.refusal(call.caller, asked.action, asked.resources)
        if stopped is not None:
            return refused("AccessDeniedException", stopped)
        if trouble is not None:
            return trouble.reply(self._premises, asked)
        if asked.action == _TOKEN:
            return told(self._authorization(self._clock()))
        if asked.action == DISCOVER:
            return told(poll_endpoints(self._premises.region, private=self._is_private(call)))
        return await self._relayed(call)

    async def _relayed(self, call: Call) -> Reply:
        try:
            reply = await self._line.forward(call)
        except LabError as error:
            return refused("ServiceUnavailable", str(error), status=503)
        if "html" not in reply.headers.get("content-type", ""):
            return replace(reply, headers={**identified(), **reply.headers})
        return reply

    def _is_private(self, call: Call) -> bool:
        """Whether a call came through an endpoint, and no fault pretends that it did not."""
        server = call.caller.server
        pretended = Code.AGENT_PUBLIC_PATH in self._troubles.get(server, ())
        return server not in self._public and not pretended

    def _authorization(self, now: datetime) -> dict[str, object]:
        token, ends = self._tokens.issue(now)
        place = self._premises
        (where,) = host_names("ecr.dkr", place.region, (place.account,))
        given = {
            "authorizationToken": token,
            "expiresAt": ends.timestamp(),
            "proxyEndpoint": f"https://{where}",
        }
        return {"authorizationData": [given]}
