"""Faults of the start-up chain: names, 443 and TLS are in order, and what is said there is not."""

from pytest_ecs_privatelink.lab import cloud_faults_ways
from pytest_ecs_privatelink.lab.expectations import ended, tasks
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.lab.twin_faults import CHAIN_CODES, TwinFault
from pytest_ecs_privatelink.verdict import Claim, Code, LaunchType, Verdict


def _said(claim: Claim, code: Code, summary: str) -> Fault:
    """Return a fault of what one service says; its code is the name."""
    stands_at = () if claim is Claim.ECR_PULL else (CHAIN_CODES[code],)
    return Fault(
        name=str(code),
        code=code,
        summary=summary,
        twin=(TwinFault(code),),
        expected=ended(claim, code, *stands_at),
    )


FAULTS = (
    _said(Claim.ECR_PULL, Code.ECR_AUTH, "a service control policy denies tokens for the registry"),
    _said(Claim.ECR_PULL, Code.ECR_MANIFEST, "the registry has no image of any tag"),
    _said(Claim.ECR_PULL, Code.ECR_LAYER, "the layer bucket sends half of each object, and stops"),
    _said(Claim.ECR_PULL, Code.ECR_DIGEST, "the layer bucket's objects end in another byte"),
    Fault(
        name="ecr-layer-path",
        code=Code.ECR_LAYER_PATH,
        summary="layers come from a host outside S3's prefix list, over a NAT gateway",
        break_cloud=cloud_faults_ways.lead_out_by_nat,
        twin=(TwinFault(Code.ECR_LAYER_PATH),),
        expected=ended(Claim.ECR_PULL, Code.ECR_LAYER_PATH, verdict=Verdict.WARNED),
    ),
    _said(Claim.AWSLOGS, Code.LOGS_UNREACHABLE, "the endpoint for logs takes calls, and is silent"),
    _said(Claim.AWSLOGS, Code.LOGS_DENIED, "a service control policy denies writing logs"),
    _said(Claim.AWSLOGS, Code.LOGS_GROUP_MISSING, "the tasks' log group does not exist"),
    Fault(
        name="logs-not-delivered",
        code=Code.LOGS_NOT_DELIVERED,
        summary="log events are accepted, and never shown",
        twin=(TwinFault(Code.LOGS_NOT_DELIVERED),),
        expected=(
            *ended(Claim.AWSLOGS, Code.LOGS_NOT_DELIVERED, "logs"),
            # They run, and what they found is never heard.
            *tasks(Verdict.ERROR, *LaunchType),
        ),
    ),
    _said(
        Claim.SECRET,
        Code.SECRET_UNREACHABLE,
        "the endpoint for secretsmanager takes calls, and is silent",
    ),
    _said(Claim.SECRET, Code.SECRET_DENIED, "the key of the tasks' secret refuses to decrypt"),
    _said(Claim.SECRET, Code.SECRET_MISSING, "the tasks' secret does not exist"),
)
