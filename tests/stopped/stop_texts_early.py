"""Texts 1 to 20: before there was an image."""

from stop_told import StopText, Told

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code

_INIT = "ResourceInitializationError: "
_PULL_INIT = f"{_INIT}unable to pull secrets or registry auth: "
_RETRIED = "execution resource retrieval failed: "
_ROLE = "User: arn:aws:sts::{account}:assumed-role/exec/1a2b is not authorized to perform: "
_TOKEN = Told(Phase.AUTH, "ecr.api", Code.ECR_AUTH, True)
_TOKEN_SILENT = _TOKEN._replace(code=Code.TCP_TIMEOUT)
_PARAMETER = Told(Phase.SECRETS, "ssm", Code.SECRET_UNREACHABLE, True)
_SECRET = Told(Phase.SECRETS, "secretsmanager", Code.SECRET_UNREACHABLE, True)
_ENV = Told(Phase.ENV_FILES, "s3", Code.TCP_TIMEOUT, True)
_LOGS = Told(Phase.LOGS, "logs", Code.LOGS_UNREACHABLE, True)

EARLY_TEXTS = (
    StopText(
        "1",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve ecr registry auth: service call has been "
        "retried 3 time(s): RequestError: send request failed caused by: Post "
        '"https://api.ecr.{region}.amazonaws.com/": dial tcp {address}:443: i/o timeout. Please '
        "check your task network configuration.",
        _TOKEN_SILENT,
    ),
    StopText(
        "2",
        f"{_PULL_INIT}The task cannot pull registry auth from Amazon ECR: There is a connection "
        "issue between the task and Amazon ECR. Check your task network configuration. "
        'RequestError: send request failed caused by: Post "https://api.ecr.{region}.amazonaws.com'
        '/": dial tcp {address}:443: i/o timeout',
        _TOKEN_SILENT,
    ),
    StopText(
        "3",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve secrets from ssm: service call has been retried "
        "5 time(s): RequestCanceled: request context canceled caused by: context deadli...",
        _PARAMETER,
    ),
    StopText(
        "4",
        f"{_PULL_INIT}{_RETRIED}unable to get registry auth from asm: service call has been "
        "retried 5 time(s): asm fetching secret from the service for {secret}",
        _SECRET._replace(phase=Phase.AUTH),
    ),
    StopText(
        "5",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve secret from asm: service call has been retried "
        "\u2026",
        _SECRET,
    ),
    StopText(
        "6",
        f"{_PULL_INIT}{_RETRIED}unable to retrieve secret from asm: service call has been retried "
        f"1 time(s): api error AccessDeniedException: {_ROLE}secretsmanager:GetSecretValue on "
        "resource: {secret} because no identity-based policy allows the "
        "secretsmanager:GetSecretValue action",
        Told(
            Phase.SECRETS,
            "secretsmanager",
            Code.SECRET_DENIED,
            False,
            Denier.IDENTITY,
            "secretsmanager:GetSecretValue",
        ),
    ),
    StopText(
        "7",
        "Fetching secret data from SSM Parameter Store in {region}: AccessDeniedException: "
        f"{_ROLE}ssm:GetParameters on resource: "
        "arn:aws:ssm:{region}:{account}:parameter/app because no VPC endpoint policy allows the "
        "ssm:GetParameters action",
        Told(
            Phase.SECRETS,
            "ssm",
            Code.ENDPOINT_POLICY_DENIES,
            False,
            Denier.ENDPOINT_POLICY,
            "ssm:GetParameters",
        ),
    ),
    StopText(
        "8",
        f"{_PULL_INIT}pull command failed: : signal: killed",
        Told(Phase.AUTH, None, Code.TCP_TIMEOUT, True),
    ),
    StopText(
        "9",
        f"{_PULL_INIT}The task cannot pull registry authentication from Amazon ECR. There is a "
        "connection issue between the task and Amazon ECR. Check your task network configuration.",
        _TOKEN,
    ),
    StopText(
        "10",
        f"{_PULL_INIT}The task cannot pull secrets from AWS Systems Manager Parameter Store. Check "
        "your network connection between the task and AWS Systems Manager.",
        _PARAMETER,
    ),
    StopText(
        "11",
        f"{_PULL_INIT}The task can\u2019t pull secrets from AWS Secrets Manager. There is a "
        "connection issue between the task and Secrets Manager. Check your task network "
        "configuration.",
        _SECRET,
    ),
    StopText(
        "12",
        "ResourceNotFoundException: Fetching secret data from AWS Secrets Manager in region "
        "{region}: secret {secret}: ResourceNotFoundException: Secrets Manager can't find the "
        "specified secret.",
        _SECRET._replace(code=Code.SECRET_MISSING, network=False),
    ),
    StopText(
        "13",
        f"{_INIT}The task can't download the environment variable files from Amazon S3. There is a "
        "connection issue between the task and Amazon S3. Check your task network configuration.",
        _ENV,
    ),
    StopText(
        "14",
        f"{_INIT}failed to download env files: file download command: non-empty error stream: "
        "RequestCanceled: request context canceled caused by: context deadline exceeded",
        _ENV,
    ),
    StopText(
        "15",
        f"{_INIT}failed to download env files: service call has been retried 1 time(s): operation "
        "error S3: HeadObject, https response error StatusCode: 403, RequestID: X, HostID: Y, api "
        "error Forbidden: Forbidden",
        Told(
            Phase.ENV_FILES,
            "s3",
            Code.ENV_FILE_BUCKET_DENIED,
            False,
            Denier.UNSAID,
            "s3:GetObject",
        ),
    ),
    StopText("16", f"{_INIT}failed to validate logger args: : signal: killed", _LOGS),
    StopText(
        "17",
        f"{_INIT}failed to validate logger args: The task cannot find the Amazon CloudWatch log "
        "group defined in the task definition. There is a connection issue between the task and "
        "Amazon CloudWatch. Check your network configuration. : signal: killed",
        _LOGS,
    ),
    StopText(
        "18",
        f"{_INIT}failed to validate logger args: create stream has been retried 1 times: failed to "
        "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does "
        "not exist. : exit status 1",
        _LOGS._replace(code=Code.LOGS_GROUP_MISSING, network=False),
    ),
    StopText(
        "19",
        f"{_INIT}failed to validate logger args: create stream has been retried 1 times: failed to "
        "create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https "
        "response error StatusCode: 400, RequestID: X, api error AccessDeniedException: "
        f"{_ROLE}logs:CreateLogStream on resource: "
        "arn:aws:logs:{region}:{account}:log-group:/ecs/app:log-stream:app/web/1 because no "
        "identity-based policy allows the logs:CreateLogStream action: exit status 1",
        Told(
            Phase.LOGS,
            "logs",
            Code.LOGS_DENIED,
            False,
            Denier.IDENTITY,
            "logs:CreateLogStream",
        ),
    ),
    StopText(
        "20",
        f"{_INIT}failed to validate logger args: create stream has been retried 1 times: failed to "
        "create Cloudwatch log stream: MissingEndpoint: 'Endpoint' configuration is required for t",
        _LOGS._replace(code=None, network=False),
    ),
)
"""Where FACTS cuts a text, the rest is as AWS's other texts go on."""
