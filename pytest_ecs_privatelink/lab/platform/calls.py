"""Calls of AWS's JSON APIs, by their real names."""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from pytest_ecs_privatelink.lab.dummy_keys import ACCESS_KEY
from pytest_ecs_privatelink.lab.platform.dialling import Wire

_OK = 200
_TARGETS = {
    "ecr": ("api.ecr", "AmazonEC2ContainerRegistry_V20150921"),
    "secretsmanager": ("secretsmanager", "secretsmanager"),
    "ssm": ("ssm", "AmazonSSM"),
    "logs": ("logs", "Logs_20140328"),
}


class RefusedError(Exception):
    """A service said no: AWS's code of the error, and its message."""

    def __init__(self, code: str, message: str, request_id: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.request_id = request_id


def url(service: str, region: str) -> str:
    """Return where a service's API is."""
    return f"https://{_TARGETS[service][0]}.{region}.amazonaws.com/"


def call(
    wire: Wire, service: str, region: str, operation: str, **fields: object
) -> Mapping[str, Any]:
    """Return what a call brings; raises `RefusedError`, `WireError`.

    No service of the lab looks at signatures: whoever gets here may ask.
    """
    scope = f"{time.strftime('%Y%m%d', time.gmtime())}/{region}/{service}/aws4_request"
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": f"{_TARGETS[service][1]}.{operation}",
        "authorization": (
            f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders=host, Signature=0"
        ),
    }
    answer = wire.ask(url(service, region), "POST", headers, json.dumps(fields).encode())
    try:
        said = json.loads(answer.body or b"{}")
    except ValueError:
        said = {}
    if answer.status == _OK:
        return dict(said)
    code = str(said.get("__type", "InternalFailure")).rpartition("#")[2]
    message = str(said.get("message") or said.get("Message") or "")
    raise RefusedError(code, message, answer.headers.get("x-amzn-requestid", str(uuid.uuid4())))
