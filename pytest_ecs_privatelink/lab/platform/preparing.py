"""What a task needs before its containers start: secrets, environment files, log streams."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.lab.platform.calls import RefusedError, call
from pytest_ecs_privatelink.lab.platform.dialling import Wire, WireError
from pytest_ecs_privatelink.lab.platform.orders import Container, LogTarget, SecretReference
from pytest_ecs_privatelink.lab.platform.words import Words

_ARN = re.compile(r"arn:[^:]+:(?P<service>ssm|secretsmanager|s3):(?P<region>[^:]*):.*")
_OF_SECRET = 7  # parts of a secret's ARN; a JSON key, a stage and a version may follow
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparer:
    """Gets things ready for one task of ``region``; every failure is a `StepError`."""

    wire: Wire
    words: Words
    region: str

    def secrets(self, container: Container) -> dict[str, str]:
        """Return a container's secrets by variable."""
        told: dict[str, str] = {}
        parameters: list[SecretReference] = []
        for each in container.secrets:
            if _service(each.source) == "secretsmanager":
                told[each.name] = self._secret(each.source)
            else:
                parameters.append(each)
        return {**told, **dict(self._parameters(parameters))}

    def _secret(self, source: str) -> str:
        parts = source.split(":")
        secret, key = ":".join(parts[:_OF_SECRET]), "".join(parts[_OF_SECRET : _OF_SECRET + 1])
        region = _region(source) or self.region
        try:
            said = call(self.wire, "secretsmanager", region, "GetSecretValue", SecretId=secret)
        except (WireError, RefusedError) as error:
            raise self.words.secret("secretsmanager", region, secret, error) from error
        text = str(said["SecretString"])
        return str(json.loads(text)[key]) if key else text

    def _parameters(self, wanted: list[SecretReference]) -> Iterator[tuple[str, str]]:
        for region in dict.fromkeys(_region(each.source) or self.region for each in wanted):
            here = [each for each in wanted if (_region(each.source) or self.region) == region]
            names = {each.source.partition(":parameter")[2] or each.source: each for each in here}
            try:
                said = call(
                    self.wire,
                    "ssm",
                    region,
                    "GetParameters",
                    Names=list(names),
                    WithDecryption=True,
                )
            except (WireError, RefusedError) as error:
                raise self.words.secret("ssm", region, ", ".join(names), error) from error
            missing = said.get("InvalidParameters")
            if missing:
                raise self.words.parameters(", ".join(missing))
            for each in said["Parameters"]:
                yield names[each["Name"]].name, str(each["Value"])

    def files(self, container: Container) -> dict[str, str]:
        """Return the variables of a container's environment files."""
        told: dict[str, str] = {}
        for arn in container.files:
            bucket, _, key = arn.rpartition(":")[2].partition("/")
            try:
                answer = self.wire.ask(f"https://{bucket}.s3.{self.region}.amazonaws.com/{key}")
            except WireError as error:
                raise self.words.files(error) from error
            if answer.status != _OK:
                raise self.words.files(None)
            lines = (line.partition("=") for line in answer.body.decode().splitlines())
            told.update({name: value for name, is_one, value in lines if is_one})
        return told

    def stream(self, logs: LogTarget) -> None:
        """Make a container's log stream."""
        try:
            if logs.create_group:
                self._create(logs, "CreateLogGroup", logGroupName=logs.group)
            self._create(
                logs, "CreateLogStream", logGroupName=logs.group, logStreamName=logs.stream
            )
        except (WireError, RefusedError) as error:
            raise self.words.stream(logs, error) from error

    def _create(self, logs: LogTarget, operation: str, **fields: object) -> None:
        try:
            call(self.wire, "logs", logs.region, operation, **fields)
        except RefusedError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise


def _service(source: str) -> str:
    told = _ARN.fullmatch(source)
    return told["service"] if told else "ssm"


def _region(source: str) -> str | None:
    told = _ARN.fullmatch(source)
    return told["region"] if told else None
