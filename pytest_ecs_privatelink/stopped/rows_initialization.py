"""Words of a task that had not come to its image: credentials, secrets, files, logs, volumes."""

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.stopped.row import Kind, Row
from pytest_ecs_privatelink.verdict import Code

_SECRETS_MANAGER = r"secrets? from asm|secrets? (?:data )?from aws secrets ?manager|secretsmanager:"
_PARAMETERS = (
    r"secrets? (?:data )?from (?:aws )?(?:ssm|systems manager)|ssm parameter store|ssm:GetParameter"
)

MISSING_ROWS = (
    Row(
        id="secret-missing",
        kind=Kind.WHOLE,
        seen=r"ResourceNotFoundException.*(?:secrets ?manager|secret ARN|asm\b)"
        r"|(?:secrets ?manager|secret ARN|asm\b).*ResourceNotFoundException",
        phase=Phase.SECRETS,
        service="secretsmanager",
        own=Code.SECRET_MISSING,
        says="Secrets Manager was reached, and has no such secret in that Region: it is not the "
        "network",
        advice="mend the ARN in the task definition (its Region, account, name and suffix)",
        source="12",
    ),
    Row(
        id="secret-key-missing",
        kind=Kind.WHOLE,
        seen=r"did not contain json key",
        phase=Phase.SECRETS,
        service="secretsmanager",
        own=Code.SECRET_MISSING,
        says="Secrets Manager gave the secret, which has no such JSON key: it is not the network",
        advice="mend the key behind the secret's ARN in the task definition, or the secret",
        source="EC2 agent, asm.go (FACTS section 4.1, below the table)",
    ),
    Row(
        id="parameter-missing",
        kind=Kind.WHOLE,
        seen=r"\binvalid (?:ssm )?parameters: |\bParameterNotFound\b",
        phase=Phase.SECRETS,
        service="ssm",
        own=Code.SECRET_MISSING,
        says="Parameter Store was reached, and has no such parameter: it is not the network",
        advice="mend the parameter's name or ARN in the task definition",
        source="EC2 agent, ssm.go (FACTS section 4.1, below the table)",
    ),
    Row(
        id="log-group-missing",
        kind=Kind.WHOLE,
        seen=r"specified log group does not exist",
        phase=Phase.LOGS,
        service="logs",
        own=Code.LOGS_GROUP_MISSING,
        says="CloudWatch Logs was reached, and has no such log group: it is not the network",
        advice="create the log group, mend awslogs-group, or set awslogs-create-group",
        source="18",
    ),
    Row(
        id="logs-region",
        kind=Kind.WHOLE,
        seen=r"MissingEndpoint",
        phase=Phase.LOGS,
        service="logs",
        says="the log driver has no endpoint for its Region: it is not the network",
        advice="mend awslogs-region in the task definition",
        source="20",
    ),
    Row(
        id="env-file-denied",
        kind=Kind.WHOLE,
        refused=Denier.UNSAID,
        seen=r"\benv(?:ironment(?: variable)?)? files?\b.*(?:code:? 403\b|Forbidden|AccessDenied)",
        phase=Phase.ENV_FILES,
        service="s3",
        own=Code.ENV_FILE_BUCKET_DENIED,
        says="S3 was reached, and refused the environment file: the object is not there, the "
        "execution role may not read it, or the S3 endpoint's policy forbids it",
        advice="look at the object, at the role's s3:GetObject and s3:GetBucketLocation, then at "
        "the S3 endpoint's policy",
        source="15",
    ),
    Row(
        id="env-file-missing",
        kind=Kind.WHOLE,
        seen=r"\benv(?:ironment(?: variable)?)? files?\b.*(?:NoSuchKey|NoSuchBucket|\b404\b)",
        phase=Phase.ENV_FILES,
        service="s3",
        says="S3 was reached, and has no such environment file: it is not the network",
        advice="mend the file's ARN in the task definition",
        source="EC2 agent, envFiles (FACTS section 4.1, below the table)",
    ),
)
"""What was answered, and is not there."""

INITIALIZATION_ROWS = (
    Row(
        id="env-files",
        seen=r"(?:download|pull) (?:the )?env(?:ironment(?: variable)?)? files?\b",
        phase=Phase.ENV_FILES,
        service="s3",
        own=Code.TCP_TIMEOUT,
        denied=Code.ENV_FILE_BUCKET_DENIED,
        says="the environment files do not arrive from S3",
        source="13, 14; EC2 agent",
    ),
    Row(
        id="registry-secret",
        seen=r"registry auth from asm",
        phase=Phase.AUTH,
        service="secretsmanager",
        own=Code.SECRET_UNREACHABLE,
        denied=Code.SECRET_DENIED,
        says="the private registry's credentials do not arrive from Secrets Manager",
        source="4",
    ),
    Row(
        id="parameter",
        seen=_PARAMETERS,
        phase=Phase.SECRETS,
        service="ssm",
        own=Code.SECRET_UNREACHABLE,
        denied=Code.SECRET_DENIED,
        says="a parameter does not arrive from Parameter Store",
        source="3, 7, 10; EC2 agent",
    ),
    Row(
        id="secret",
        seen=_SECRETS_MANAGER,
        phase=Phase.SECRETS,
        service="secretsmanager",
        own=Code.SECRET_UNREACHABLE,
        denied=Code.SECRET_DENIED,
        says="a secret does not arrive from Secrets Manager",
        source="5, 6, 11; EC2 agent",
    ),
    Row(
        id="logs",
        seen=r"\blogger args\b|logging driver|cloudwatch log (?:group|stream)|\blogs:[A-Z]\w+"
        r"|amazon cloudwatch\b",
        phase=Phase.LOGS,
        service="logs",
        own=Code.LOGS_UNREACHABLE,
        denied=Code.LOGS_DENIED,
        says="the log driver does not get its log stream from CloudWatch Logs",
        source="16, 17, 19",
    ),
    Row(
        id="registry-token",
        seen=r"registry auth(?:entication)? from amazon ecr|\becr registry auth\b"
        r"|https?://(?:api\.)?ecr(?:-fips)?\.|ecr:GetAuthorizationToken",
        phase=Phase.AUTH,
        service="ecr.api",
        own=Code.ECR_AUTH,
        denied=Code.ECR_AUTH,
        says="no token for the image's registry arrives from Amazon ECR",
        source="1, 2, 9, 30",
    ),
    Row(
        id="volume",
        kind=Kind.WHOLE,
        seen=r"\bEFS utils commands\b",
        phase=Phase.VOLUMES,
        own=Code.EFS_MOUNT_UNREACHABLE,
        says="a file system of EFS was not mounted; the text does not say whether for the network",
        advice="look at the mount target's security group (2049 from the tasks), its DNS name, "
        "and the task role's elasticfilesystem permissions",
        source="34",
    ),
    Row(
        id="registry-token-or-secret",
        seen=r"pull secrets or registry auth|\bpull command failed\b",
        phase=Phase.AUTH,
        own=Code.TCP_TIMEOUT,
        denied=Code.ECR_AUTH,
        says="a token for the registry (ecr.api) or a secret (secretsmanager, ssm) does not "
        "arrive, and the text does not say which",
        source="8",
    ),
)
"""Steps before the image, those that are named most exactly first."""
