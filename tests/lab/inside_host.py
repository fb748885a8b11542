"""Run a script on a host of the twin: in its namespaces, with its resolver and nothing else."""

import json
import shutil
import socket
import struct
import subprocess
import sys
from typing import Any

import pytest

from pytest_ecs_privatelink.lab.sockets import socket_path
from pytest_ecs_privatelink.lab.twin import Twin

_PRELUDE = '''
import base64, http.client, json, ssl, sys
from urllib.parse import urlsplit

CA = sys.argv[1]
TRUST = ssl.create_default_context(cafile=CA)

def fetch(url, headers={}, method="GET", body=None, timeout=5):
    """Return status, headers (lower case) and body of one exchange; redirects are the caller's."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=TRUST)
    target = parts.path + ("?" + parts.query if parts.query else "")
    connection.request(method, target, body=body, headers=headers)
    answer = connection.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, told, answer.read()

SIGNED = "AWS4-HMAC-SHA256 Credential=lab/20260101/us-east-1/"

def call(host, target, payload, authorization=SIGNED):
    """Return status and JSON of one call of an AWS JSON API."""
    service = {"Logs_20140328": "logs", "AmazonSSM": "ssm"}.get(target.split(".")[0], "ecr")
    if target.startswith("secretsmanager"):
        service = "secretsmanager"
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
    if authorization:
        headers["authorization"] = (
            f"{authorization}{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    status, _, body = fetch(f"https://{host}/", headers, "POST", json.dumps(payload))
    return status, json.loads(body or "{}")

ECR = "AmazonEC2ContainerRegistry_V20150921"

def token(region="us-east-1"):
    """Return what to show the registry."""
    status, said = call(f"api.ecr.{region}.amazonaws.com", f"{ECR}.GetAuthorizationToken", {})
    assert status == 200, said
    return "Basic " + said["authorizationData"][0]["authorizationToken"]
'''


def run(twin: Twin, source: str, host: int = 0) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Run ``source`` on a host (by its place in the plan); return the JSON that it prints.

    It finds `fetch`, `call` and `token` defined, all of which trust the twin's authority.
    """
    enter = shutil.which("nsenter")
    if enter is None:
        pytest.skip("needs nsenter of util-linux")
    spaces = ("--user", "--net", "--mount", "--preserve-credentials")
    command = [enter, "--target", str(_listener(twin, host)), *spaces, sys.executable, "-P", "-c"]
    done = subprocess.run(
        [*command, _PRELUDE + source, str(twin.ca_file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _listener(twin: Twin, host: int) -> int:
    """Return the host's process: the kernel knows who listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(socket_path(twin.folder, host)))
        told = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", told)[0])
