"""The texts with which ECS stops a task, by the step that failed.

They are those of Fargate's platform 1.4, and of the container agent. Every wording is a row of
FACTS section 4.1, or is put together from the agent's and Docker's parts that are named there.
"""

import json
from dataclasses import dataclass

from pytest_ecs_privatelink.lab.platform.calls import RefusedError, url
from pytest_ecs_privatelink.lab.platform.dialling import WireError
from pytest_ecs_privatelink.lab.platform.orders import Image, LogTarget

Trouble = WireError | RefusedError

_INIT = "ResourceInitializationError: "
_PULL = "CannotPullContainerError: "
_AUTH = f"{_INIT}unable to pull secrets or registry auth: "
_ARGS = f"{_INIT}failed to validate logger args: "
_NOT_FOUND = 404
_FAILED_TO_START = "Task failed to start"
_STREAM = "failed to create Cloudwatch log stream: "
_KINDS = {
    "secretsmanager": ("secret from asm", "AWS Secrets Manager"),
    "ssm": ("secrets from ssm", "AWS Systems Manager Parameter Store"),
}


class StepError(Exception):
    """A step of a task's start that failed: what is said of the task, and of its container."""

    def __init__(self, task: str, container: str | None = None, name: str | None = None) -> None:
        super().__init__(task)
        self.task = task
        self.container = container
        self.name = name


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a task of one launch type."""

    fargate: bool

    def auth(self, image: Image, error: Trouble) -> StepError:
        """Say that no token for the registry came of ecr.api (rows 1, 2 and 30)."""
        where = url("ecr", image.region or "")
        if not self.fargate:
            advice = "Check your network configuration. " if _lost(error) else ""
            return self._of_container(
                f"{_PULL}The task can't pull the image. {advice}{_sdk(error, where)}"
            )
        if isinstance(error, RefusedError):
            return StepError(
                f"{_AUTH}execution resource retrieval failed: unable to retrieve ecr registry"
                f" auth: service call has been retried 1 time(s): {_sdk(error, where)}"
            )
        return StepError(
            f"{_AUTH}The task cannot pull registry auth from Amazon ECR: There is a connection"
            " issue between the task and Amazon ECR. Check your task network configuration."
            f" {_sdk(error, where)}"
        )

    def secret(self, service: str, region: str, source: str, error: Trouble) -> StepError:
        """Say that a secret was not given out (rows 3, 5, 6, 7, 11 and 12)."""
        what, product = _KINDS[service]
        said = _sdk(error, url(service, region))
        if not self.fargate:
            return StepError(
                f"{_INIT}Fetching secret data from {product} in region {region}: secret {source}:"
                f" {said}"
            )
        failed = f"{_AUTH}execution resource retrieval failed: unable to retrieve {what}: "
        if isinstance(error, RefusedError):
            return StepError(f"{failed}service call has been retried 1 time(s): {said}")
        return StepError(
            f"{_AUTH}unable to retrieve {what}: The task cannot pull secrets from {product}. There"
            f" is a connection issue between the task and {product}. Check your task network"
            f" configuration. {said}"
        )

    def parameters(self, names: str) -> StepError:
        """Say that Parameter Store does not know some names."""
        if not self.fargate:
            return StepError(f"{_INIT}invalid parameters: {names}")
        return StepError(
            f"{_AUTH}execution resource retrieval failed: unable to retrieve secrets from ssm:"
            f" invalid ssm parameters: {names}"
        )

    def files(self, error: WireError | None) -> StepError:
        """Say that an environment file did not come; None: S3 refused it (rows 14 and 15)."""
        words = (
            "service call has been retried 1 time(s): operation error S3: HeadObject, https"
            " response error StatusCode: 403, api error Forbidden"
            if error is None
            else "file download command: non-empty error stream: RequestCanceled: request context"
            " canceled caused by: context deadline exceeded"
        )
        return StepError(f"{_INIT}failed to download env files: {words}")

    def stream(self, logs: LogTarget, error: Trouble) -> StepError:
        """Say that no log stream was made (rows 17 to 19)."""
        if not self.fargate:
            said = _sdk(error, url("logs", logs.region))
            return self._of_container(
                "CannotStartContainerError: Error response from daemon: failed to initialize"
                f" logging driver: {_STREAM}{said}"
            )
        if isinstance(error, RefusedError):
            said = (
                f"{error.code}: {error.message}"
                if error.code == "ResourceNotFoundException"
                else "operation error CloudWatch Logs: CreateLogStream, https response error"
                f" StatusCode: 400, RequestID: {error.request_id}, api error {error.code}:"
                f" {error.message}"
            )
        elif error.lost:
            return StepError(
                f"{_ARGS}The task cannot find the Amazon CloudWatch log group defined in the task"
                " definition. There is a connection issue between the task and Amazon CloudWatch."
                " Check your network configuration. : signal: killed"
            )
        else:
            said = _sdk(error, url("logs", logs.region))
        return StepError(
            f"{_ARGS}create stream has been retried 1 times: {_STREAM}{said} : exit status 1"
        )

    def manifest(self, image: Image, error: WireError) -> StepError:
        """Say that the registry did not answer (rows 21 and 22)."""
        if self.fargate:
            path = f"https://{image.host}/v2/{image.repository}/manifests/{image.reference}"
            return self._of_container(
                f"{_PULL}pull image manifest has been retried 5 time(s): failed to resolve ref"
                f' {image.name}: failed to do request: Head "{path}": {error.text}'
            )
        path = f"https://{image.host}/v2/"
        return self._of_container(f'{_PULL}Error response from daemon: Get "{path}": {error.text}')

    def no_manifest(self, image: Image, status: int, message: str) -> StepError:
        """Say that the registry refused the image, or has none such (rows 26, 29 and 31)."""
        missing = status == _NOT_FOUND
        if not self.fargate:
            said = (
                f"manifest for {image.name} not found: manifest unknown: {message}"
                if missing
                else f"pull access denied for {image.host}/{image.repository}, repository does not"
                f" exist or may require 'docker login': denied: {message}"
            )
            advice = (
                "Check whether the image exists."
                if missing
                else "Check that the role has the permissions to pull images from the registry."
            )
            return self._of_container(
                f"{_PULL}The task can't pull the image. {advice} Error response from daemon: {said}"
            )
        said = (
            f"{image.name}: not found"
            if missing
            else f"pulling from host {image.host} failed with status code [manifests"
            f" {image.reference}]: {status} Forbidden: denied: {message}"
        )
        return self._of_container(
            f"{_PULL}pull image manifest has been retried 1 time(s): failed to resolve ref"
            f" {image.name}: {said}"
        )

    def layer(self, image: Image, where: str, error: WireError) -> StepError:
        """Say that a layer did not come (row 25); a presigned query is nobody's to see."""
        asked = (
            f'Get "{where.partition("?")[0]}"'
            if self.fargate
            else f"Get REDACTED ECR URL related to {image.name}"
        )
        return self._of_container(
            f"{_PULL}ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed"
            f" open: failed to do request: {asked}: {error.text}"
        )

    def layer_refused(self, image: Image, status: int, message: str) -> StepError:
        """Say that a layer is denied, by the registry or by S3 (rows 26 and 27)."""
        if not self.fargate and message.startswith("<"):
            return self._of_container(
                f"{_PULL}Error response from daemon: error pulling image configuration: error"
                f" parsing HTTP {status} response body: invalid character '<' looking for"
                f" beginning of value: {json.dumps(message)}"
            )
        del image
        reason = {403: "Forbidden", _NOT_FOUND: "Not Found"}.get(status, "")
        return self._of_container(
            f"{_PULL}ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed"
            f" open: unexpected status code {status} {reason}".rstrip()
        )

    def digest(self, found: str, wanted: str) -> StepError:
        """Say that a layer is not what its digest says."""
        return self._of_container(
            f'{_PULL}ref pull has been retried 1 time(s): failed commit on ref "layer-{wanted}":'
            f" unexpected commit digest {found}, expected {wanted}: failed precondition"
        )

    def no_program(self, program: str) -> StepError:
        """Say that the command's program does not exist."""
        return self._of_container(
            "CannotStartContainerError: Error response from daemon: failed to create task for"
            " container: failed to create shim task: OCI runtime create failed: exec:"
            f' "{program}": executable file not found in $PATH: unknown'
        )

    def _of_container(self, reason: str) -> StepError:
        """Fargate says of the task what it says of the container, the agent does not."""
        return StepError(reason if self.fargate else _FAILED_TO_START, reason)


def _lost(error: Trouble) -> bool:
    return isinstance(error, WireError)


def _sdk(error: Trouble, where: str) -> str:
    """Return what AWS's library for Go says of a call that failed."""
    if isinstance(error, WireError):
        return f'RequestError: send request failed caused by: Post "{where}": {error.text}'
    return f"{error.code}: {error.message} status code: 400, request id: {error.request_id}"
