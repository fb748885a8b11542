"""What codes of the start-up chain mean; they are told at the endpoint service where it ended."""

from pytest_ecs_privatelink.diagnosis.grouping import Axis
from pytest_ecs_privatelink.diagnosis.live_code import LiveCode
from pytest_ecs_privatelink.verdict import Code

_ENDPOINTS = "ec2 describe-vpc-endpoints --vpc-endpoint-ids {endpoints}"
_UNHEARD = "ec2 describe-vpc-endpoints --vpc-endpoint-ids {unheard_endpoints}"
_GATEWAY = "ec2 describe-vpc-endpoints --vpc-endpoint-ids {gateway}"
_TABLES = "ec2 describe-route-tables --route-table-ids {tables}"
_GROUPS = "ec2 describe-security-groups --group-ids {unheard_groups}"
_ZONES = "route53 list-hosted-zones-by-vpc --vpc-id {unheard_vpc} --vpc-region {region}"
_ORGANIZATION = (
    "organizations list-policies-for-target --target-id {governed} --filter SERVICE_CONTROL_POLICY"
)
_REPOSITORY_POLICY = "ecr get-repository-policy {guarding_repository}"
_REFUSED = "{refusal}; look at {guard}"
_LOG_GROUP = "logs describe-log-groups --log-group-name-prefix {errand_quoted}"
_TERRAFORM_GROUP = """resource "aws_cloudwatch_log_group" "tasks" {{
  name = "{errand}"
}}"""

_UNANSWERED = (
    "what answers in the endpoint's place (a proxy, a hosted zone's record), then its security "
    "group and the network ACLs"
)
_BY_SERVICE = (Axis.SERVICE, Axis.SUBNET, Axis.VPC)
_BY_ERRAND = (Axis.ERRAND, *_BY_SERVICE)
_BY_ROUTE = (Axis.TABLE, Axis.SUBNET, Axis.SERVICE, Axis.VPC)

LIVE_CHAIN: dict[Code, LiveCode] = {
    Code.ENDPOINT_POLICY_DENIES: LiveCode(
        says="a VPC endpoint policy refuses what tasks call through {services} from {subnets}",
        next="the policies of the endpoints that the chain goes through",
        cli=(_ENDPOINTS,),
        axes=_BY_SERVICE,
    ),
    Code.ECR_AUTH: LiveCode(
        cases=(f"{{subnets}} get no token for the registry: {_REFUSED}",),
        says="{subnets} get no token for the registry from {services}",
        next=_UNANSWERED,
        cli=(_ORGANIZATION, _UNHEARD, _GROUPS, _ZONES),
        axes=_BY_SERVICE,
    ),
    Code.ECR_MANIFEST: LiveCode(
        cases=(
            f"{{subnets}} get no manifest of {{errand}}: {_REFUSED}",
            "the registry has no {absent}: tasks in {subnets} that name it do not start; look at "
            "its repository, its tag, its platform",
            "{subnets} get no manifest of {errand}; look at whether it is there by that tag and "
            "for that platform, the repository's policy, then what answers in the endpoint's place",
        ),
        says="{subnets} get no manifest of the images from {services}",
        next="whether the image is there by that tag and for that platform, the repository's "
        "policy, then what answers in the endpoint's place",
        cli=(
            _ORGANIZATION,
            _REPOSITORY_POLICY,
            "ecr list-images {lacking_repository}",
            "ecr describe-repositories",
            _UNHEARD,
        ),
        axes=_BY_ERRAND,
    ),
    Code.ECR_LAYER: LiveCode(
        cases=(
            f"{{subnets}} get no layers: {_REFUSED}",
            "image layers do not arrive in {subnets} by way of {gateway}; look at its policy "
            "(it has to allow s3:GetObject on the Region's layer bucket), its route tables, then "
            "the tasks' outbound rules to S3",
        ),
        says="image layers do not arrive from S3 in {subnets}",
        next="the S3 gateway endpoint, its policy, its route tables, then the tasks' outbound "
        "rules to S3",
        cli=(
            _ORGANIZATION,
            _REPOSITORY_POLICY,
            "ec2 describe-vpc-endpoints --vpc-endpoint-ids {unheard_gateway}",
            "ec2 describe-route-tables --route-table-ids {unheard_gateway_tables}",
            _UNHEARD,
            "ec2 describe-security-groups --group-ids {unheard_task_groups}",
        ),
        axes=(Axis.TABLE, *_BY_SERVICE),
    ),
    Code.ECR_LAYER_PATH: LiveCode(
        says="image layers arrive in {subnets}, but not by way of an S3 endpoint of {vpc}",
        next="the gateway endpoint's route tables, and who answers for the layer bucket's name",
        cli=(_GATEWAY, _TABLES, _ZONES),
        axes=_BY_ROUTE,
    ),
    Code.ECR_DIGEST: LiveCode(
        cases=(
            "parts of {errand} arrive in {subnets} as other bytes than were pushed; look at a "
            "proxy or cache on the way that changes what it carries; else push the image again",
        ),
        says="parts of images arrive in {subnets} as other bytes than were pushed",
        next="a proxy or cache on the way that changes what it carries; else push the image again",
        cli=(_TABLES,),
        axes=_BY_ERRAND,
    ),
    Code.LOGS_UNREACHABLE: LiveCode(
        says="CloudWatch Logs ({services}) takes no event from {subnets}",
        next=_UNANSWERED,
        cli=(_UNHEARD, _GROUPS, _ZONES),
        axes=_BY_SERVICE,
    ),
    Code.LOGS_DENIED: LiveCode(
        cases=(
            f"{{subnets}} deliver no event to log group {{errand}}: {_REFUSED}",
            f"{{subnets}} deliver no event: {_REFUSED}",
            "CloudWatch Logs refuses events for log group {errand} from {subnets}; look at who "
            "refused it: a service control policy, a resource policy, the log group's KMS key",
        ),
        says="CloudWatch Logs ({services}) refuses events from {subnets}",
        next="who refused it: a service control policy, a resource policy, the log group's KMS key",
        cli=(_ORGANIZATION, _LOG_GROUP, "logs describe-resource-policies"),
        axes=_BY_ERRAND,
    ),
    Code.LOGS_GROUP_MISSING: LiveCode(
        cases=(
            "there is no log group {errand}: tasks in {subnets} that name it do not start; create "
            "it, mend the name in the task definition, or let awslogs-create-group do it",
        ),
        says="log groups that tasks in {subnets} name are not there: they do not start",
        next="the names in the task definitions; else create them, or let awslogs-create-group "
        "do it",
        cli=("logs create-log-group --log-group-name {errand_quoted}",),
        terraform=(_TERRAFORM_GROUP,),
        axes=_BY_ERRAND,
    ),
    Code.LOGS_NOT_DELIVERED: LiveCode(
        cases=(
            "log group {errand} accepted an event from {subnets} and never showed it; look at its "
            "class and its transformer; a longer --ecs-timeout waits longer",
        ),
        says="{services} accepted an event from {subnets} and never showed it",
        next="the log group's class and its transformer; a longer --ecs-timeout waits longer",
        cli=(_LOG_GROUP,),
        axes=_BY_ERRAND,
    ),
    Code.SECRET_UNREACHABLE: LiveCode(
        says="{services} cannot be asked for what tasks fetch, from {subnets}",
        next=_UNANSWERED,
        cli=(_UNHEARD, _GROUPS, _ZONES),
        axes=_BY_SERVICE,
    ),
    Code.SECRET_DENIED: LiveCode(
        cases=(
            f"{{subnets}} do not get {{errand}}: {_REFUSED}",
            f"{{subnets}} do not get what tasks fetch: {_REFUSED}",
            "{services} refuses {subnets} {errand}; look at who refused it: the secret's resource "
            "policy, its KMS key, a service control policy",
        ),
        says="{services} refuses {subnets} what tasks fetch",
        next="who refused it: the secret's resource policy, its KMS key, a service control policy",
        cli=(
            _ORGANIZATION,
            "secretsmanager describe-secret --secret-id {secret}",
            "secretsmanager get-resource-policy --secret-id {secret}",
            "ssm describe-parameters --parameter-filters Key=Name,Values={parameter}",
        ),
        axes=_BY_ERRAND,
    ),
    Code.SECRET_MISSING: LiveCode(
        cases=(
            "{lack}: tasks in {subnets} that name {errand} do not start; look at the ARN or name "
            "in the task definition: its Region, its JSON key, its version",
            "{services} has no {errand}: tasks in {subnets} that name it do not start; look at the "
            "ARN or name in the task definition: its Region, its JSON key, its version",
        ),
        says="{services} has not what tasks fetch in {subnets}: they do not start",
        next="the ARN or name in the task definition: its Region, its JSON key, its version",
        cli=(
            "secretsmanager list-secrets --filters Key=name,Values={secret_stem}",
            "ssm describe-parameters --parameter-filters "
            "Key=Name,Option=BeginsWith,Values={parameter_stem}",
        ),
        axes=_BY_ERRAND,
    ),
}
"""Entries of `live.LIVE`."""
