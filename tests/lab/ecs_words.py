"""How ECS's texts about stopped tasks begin and what is in them: parts of regular expressions."""

PRIVATE, PUBLIC = r"10\.0\.\d+\.\d+", r"(?!10\.)\d+\.\d+\.\d+\.\d+"
RESOLVER = r"10\.0\.0\.2"
SDK = "RequestError: send request failed caused by: Post"
ECR = r'"https://api\.ecr\.us-east-1\.amazonaws\.com/"'
AUTH = "ResourceInitializationError: unable to pull secrets or registry auth: "
TOKEN = f"{AUTH}The task cannot pull registry auth from Amazon ECR: There is a connection issue"
ARGS = "ResourceInitializationError: failed to validate logger args: "
FILES = "ResourceInitializationError: failed to download env files: "
ARN = "arn:aws:"
PULL = "CannotPullContainerError: "
DRIVER = (
    "CannotStartContainerError: Error response from daemon: failed to initialize logging driver:"
    " failed to create Cloudwatch log stream: "
)
REGISTRY = r"https://123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com/v2/"
LAYERS = r"https://prod-us-east-1-starport-layer-bucket\.s3\.us-east-1\.amazonaws\.com/"
COPY = (
    f"{PULL}ref pull has been retried \\d time\\(s\\): failed to copy: httpReadSeeker: failed open"
)
USER = r"User: arn:aws:sts::123456789012:assumed-role/lab-task-execution/lab"
