"""Which function proves which claim."""

from collections.abc import Awaitable, Callable

from pytest_ecs_privatelink.claims import (
    agent,
    awslogs,
    ecr_pull,
    private_dns,
    secret,
    task_start,
    tcp_443,
)
from pytest_ecs_privatelink.claims.terms import Ask, Stand, Terms
from pytest_ecs_privatelink.verdict import Cell, Check, Claim

Prove = Callable[[Cell, Terms, Stand, Ask], Awaitable[Check]]

PROVERS: dict[Claim, Prove] = {
    Claim.PRIVATE_DNS: private_dns.prove,
    Claim.TCP_443: tcp_443.prove,
    Claim.ECR_PULL: ecr_pull.prove,
    Claim.AWSLOGS: awslogs.prove,
    Claim.SECRET: secret.prove,
    Claim.AGENT: agent.prove,
    Claim.TASK_START: task_start.prove,
}
