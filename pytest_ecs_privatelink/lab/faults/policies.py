"""Faults of policies: of endpoints, and of the tasks' execution role."""

from functools import partial

from pytest_ecs_privatelink.lab import policy_faults
from pytest_ecs_privatelink.lab.expectations import ended
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.verdict import Claim, Code

# A policy stops no packet: 443 opens, and what is asked there is refused.
_LAYERS_REFUSED = ended(Claim.ECR_PULL, Code.ECR_LAYER)

FAULTS = (
    Fault(
        name="endpoint-policy-denies",
        code=Code.ENDPOINT_POLICY_DENIES,
        summary="the endpoint for ecs has AWS's sample policy, which starves agents",
        break_cloud=partial(
            policy_faults.give_endpoint_a_policy, service="ecs", policy=policy_faults.SAMPLE
        ),
        expected=ended(Claim.AGENT, Code.ENDPOINT_POLICY_DENIES),
        findings=(Code.ENDPOINT_POLICY_DENIES,),
    ),
    Fault(
        name="endpoint-policy-denies-all",
        code=Code.ENDPOINT_POLICY_DENIES,
        summary="the policy of the endpoint for logs has only a Deny statement",
        break_cloud=partial(
            policy_faults.give_endpoint_a_policy, service="logs", policy=policy_faults.DENY_ONLY
        ),
        expected=ended(Claim.AWSLOGS, Code.ENDPOINT_POLICY_DENIES),
        findings=(Code.ENDPOINT_POLICY_DENIES,),
    ),
    Fault(
        name="s3-gateway-policy",
        code=Code.S3_GATEWAY_POLICY,
        summary="the s3 gateway's policy lets through to a bucket of one's own only",
        break_cloud=partial(
            policy_faults.give_endpoint_a_policy, service="s3", policy=policy_faults.OWN_BUCKET
        ),
        expected=_LAYERS_REFUSED,
        findings=(Code.S3_GATEWAY_POLICY,),
    ),
    Fault(
        name="s3-gateway-policy-own-organization",
        code=Code.S3_GATEWAY_POLICY,
        summary="the s3 gateway's policy lets through one's own organization only",
        break_cloud=partial(
            policy_faults.give_endpoint_a_policy, service="s3", policy=policy_faults.OWN_PRINCIPALS
        ),
        expected=_LAYERS_REFUSED,
        findings=(Code.S3_GATEWAY_POLICY,),
    ),
    # What runs in the lab's cloud is not read: edits say what a reader would.
    Fault(
        name="role-condition-mismatch",
        code=Code.ROLE_CONDITION_MISMATCH,
        summary="the execution role allows pulls by aws:sourceVpce of the endpoint for ecr.api",
        edit=policy_faults.tie_role_to_one_endpoint,
        findings=(Code.ROLE_CONDITION_MISMATCH,),
    ),
    Fault(
        name="env-file-bucket-denied",
        code=Code.ENV_FILE_BUCKET_DENIED,
        summary="the s3 gateway's policy lets image layers through, and no environment file",
        break_cloud=policy_faults.let_layers_through_only,
        edit=policy_faults.keep_environment_in_s3,
        findings=(Code.ENV_FILE_BUCKET_DENIED,),
    ),
)
