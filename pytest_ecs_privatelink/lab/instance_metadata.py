"""Instance metadata, version 2, as a container instance of the lab finds it."""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta

from pytest_ecs_privatelink.lab.dummy_keys import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN
from pytest_ecs_privatelink.lab.tokens import Clock, clock
from pytest_ecs_privatelink.lab.twin_plan import PlannedAgent, Premises
from pytest_ecs_privatelink.lab.web import Call, Reply

ADDRESS = "169.254.169.254"

_TOKEN = "/latest/api/token"  # noqa: S105  (a path)
_DATA = "/latest/meta-data/"
_ROLES = "iam/security-credentials"
_KEYS_LAST = timedelta(hours=6)
_LONGEST_SECONDS = 21_600


class InstanceMetadata:
    """What one instance is told about itself, if it shows a token that it was given here.

    Categories: EC2 user guide, "instancedata-data-categories".
    """

    def __init__(
        self, agent: PlannedAgent, subnet: str, premises: Premises, clock: Clock = clock
    ) -> None:
        self._role = agent.role
        self._documents = _documents(agent, subnet, premises)
        self._token = secrets.token_urlsafe(32)
        self._clock = clock

    async def answer(self, call: Call) -> Reply:
        """Give a token, or what a token opens."""
        if call.path == _TOKEN:
            return self._give(call)
        if call.headers.get("x-aws-ec2-metadata-token") != self._token:
            return Reply(status=401)
        name = call.path.removeprefix(_DATA).strip("/")
        text = self._keys() if name == f"{_ROLES}/{self._role}" else self._documents.get(name)
        if call.method != "GET" or not call.path.startswith(_DATA) or text is None:
            return Reply(status=404)
        return Reply(status=200, headers={"content-type": "text/plain"}, body=text.encode())

    def _give(self, call: Call) -> Reply:
        if call.method != "PUT":
            return Reply(status=405)
        seconds = call.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not seconds.isdecimal() or not 0 < int(seconds) <= _LONGEST_SECONDS:
            return Reply(status=400)
        return Reply(status=200, body=self._token.encode())

    def _keys(self) -> str:
        now = self._clock()
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "Type": "AWS-HMAC",
                "AccessKeyId": ACCESS_KEY,
                "SecretAccessKey": SECRET_KEY,
                "Token": SESSION_TOKEN,
                "Expiration": f"{now + _KEYS_LAST:%Y-%m-%dT%H:%M:%SZ}",
            }
        )


def _documents(agent: PlannedAgent, subnet: str, premises: Premises) -> Mapping[str, str]:
    interface = f"network/interfaces/macs/{agent.mac}"
    known = {
        "instance-id": agent.instance,
        "mac": agent.mac,
        "local-ipv4": agent.address,
        "placement/region": premises.region,
        _ROLES: agent.role,
        f"{interface}/subnet-id": subnet,
        f"{interface}/vpc-id": premises.vpc,
        f"{interface}/security-group-ids": "\n".join(agent.groups),
    }
    return {name: text for name, text in known.items() if text is not None}
