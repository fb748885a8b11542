"""Answers of AWS's JSON APIs: what they tell, and how they refuse."""

import json
import uuid
from collections.abc import Mapping

from pytest_ecs_privatelink.lab.web import Reply

JSON = "application/x-amz-json-1.1"


def identified() -> Mapping[str, str]:
    """Return the header by which a service of AWS can be told from others that answer for it."""
    return {"x-amzn-requestid": str(uuid.uuid4())}


def told(value: object, *, status: int = 200) -> Reply:
    """Return an answer in JSON."""
    headers = {**identified(), "content-type": JSON}
    return Reply(status=status, headers=headers, body=json.dumps(value).encode())


def refused(error: str, message: str, *, status: int = 400) -> Reply:
    """Return a refusal: AWS's code of the error, and its message."""
    return told({"__type": error, "message": message}, status=status)
