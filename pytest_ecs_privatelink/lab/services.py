"""Who speaks for which endpoint service in the twin."""

import secrets
from collections.abc import Mapping

from pytest_ecs_privatelink.lab.api_relay import Relay
from pytest_ecs_privatelink.lab.cloud_line import CloudLine
from pytest_ecs_privatelink.lab.gate import Gate
from pytest_ecs_privatelink.lab.images import lab_image
from pytest_ecs_privatelink.lab.listeners import Handler
from pytest_ecs_privatelink.lab.object_store import ObjectStore
from pytest_ecs_privatelink.lab.presigned import SigningKey
from pytest_ecs_privatelink.lab.registry import Registry
from pytest_ecs_privatelink.lab.tokens import Clock, Tokens, clock
from pytest_ecs_privatelink.lab.twin_plan import TwinPlan
from pytest_ecs_privatelink.lab.web import Answer, speaking

_FIPS = "-fips"


def answers(plan: TwinPlan, clock: Clock = clock) -> Mapping[str, Answer]:
    """Return what each service of ``plan`` answers with; their secrets are made here and shared."""
    tokens = Tokens()
    key = SigningKey(f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20))
    gate = Gate(plan)
    line = CloudLine(plan.cloud, plan.premises.region)
    lab_image()  # made before anybody waits for it
    relay = Relay(plan, gate, tokens, line, clock).answer
    own = {
        "ecr.dkr": Registry(plan, gate, tokens, key, line, clock).answer,
        "s3": ObjectStore(plan, gate, key, clock).answer,
    }
    return {
        server.service: own.get(server.service.replace(_FIPS, ""), relay) for server in plan.servers
    }


def handlers(plan: TwinPlan) -> Mapping[str, Handler]:
    """Return the handlers of `listeners.listen` for ``plan``'s servers, by service."""
    return {service: speaking(answer) for service, answer in answers(plan).items()}
