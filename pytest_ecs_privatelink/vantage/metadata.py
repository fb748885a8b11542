"""What AWS's two metadata services tell a machine about its place; each is asked once."""

import http.client
import json
import time
import urllib.parse
from dataclasses import dataclass
from typing import Any

INSTANCE_ENDPOINT = "http://169.254.169.254"
INSTANCE_ENDPOINT_IPV6 = "http://[fd00:ec2::254]"

# Real documents are a few kilobytes; nothing else may fill the memory.
_LARGEST_DOCUMENT = 1 << 20


class MetadataError(Exception):
    """A metadata service gave no answer, or none that can be used; one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlace:
    """Where an ECS task's network is: ``networks`` is empty unless its mode is ``awsvpc``.

    ``vpc`` is None on Fargate and with agents older than 1.63.1.
    """

    mode: str
    vpc: str | None
    networks: tuple["TaskNetwork", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNetwork:
    """An interface of an ``awsvpc`` task: its MAC address and its subnet's IPv4 range."""

    mac: str
    subnet_cidr: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlace:
    """Where an instance's primary interface is, and the security groups that it wears."""

    subnet: str
    vpc: str
    groups: tuple[str, ...]


def read_task_place(uri: str, timeout: float) -> TaskPlace:
    """Read ``ECS_CONTAINER_METADATA_URI_V4``'s task document; raise `MetadataError`.

    Fields: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
    """
    with _Service(uri, timeout) as service:
        document = _object(service.request("GET", "/task"))
    networks = [
        network
        for container in _objects(document.get("Containers"))
        for network in _objects(container.get("Networks"))
    ]
    return TaskPlace(
        mode=next((str(network.get("NetworkMode")) for network in networks), "unknown"),
        vpc=document.get("VPCID") or None,
        networks=_unique_networks(networks),
    )


def _unique_networks(networks: list[dict[str, Any]]) -> tuple[TaskNetwork, ...]:
    own = {
        TaskNetwork(
            mac=str(network["MACAddress"]).lower(), subnet_cidr=network.get("IPv4SubnetCIDRBlock")
        )
        for network in networks
        if network.get("NetworkMode") == "awsvpc" and network.get("MACAddress")
    }
    return tuple(sorted(own, key=lambda network: network.mac))


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        raise MetadataError("its answer is no JSON") from None
    if not isinstance(document, dict):
        raise MetadataError("its answer is no JSON object")
    return document


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def read_instance_place(endpoint: str, timeout: float) -> InstancePlace:
    """Read the primary interface's place from instance metadata v2; raise `MetadataError`.

    Categories: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
    """
    with _Service(endpoint, timeout) as service:
        lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        token = service.request("PUT", "/latest/api/token", lifetime).strip()
        headers = {"X-aws-ec2-metadata-token": token}

        def read(path: str) -> str:
            return service.request("GET", f"/latest/meta-data/{path}", headers).strip()

        interface = f"network/interfaces/macs/{read('mac')}"
        return InstancePlace(
            subnet=read(f"{interface}/subnet-id"),
            vpc=read(f"{interface}/vpc-id"),
            groups=tuple(sorted(read(f"{interface}/security-group-ids").split())),
        )


class _Service:
    """One connection to a metadata service, with one deadline for all requests on it.

    http.client knows no proxies, which is the point: metadata is only true without one.
    """

    def __init__(self, uri: str, timeout: float) -> None:
        self._end = time.monotonic() + timeout
        self._timeout = timeout
        parts = urllib.parse.urlsplit(uri)
        try:
            port = parts.port
        except ValueError as error:
            raise MetadataError(f"{uri!r} is no address: {error}") from None
        if parts.scheme != "http" or not parts.hostname:
            raise MetadataError(f"{uri!r} is no http address")
        self._base = parts.path.rstrip("/")
        self._connection = http.client.HTTPConnection(parts.hostname, port, timeout=timeout)

    def __enter__(self) -> "_Service":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def request(self, method: str, path: str, headers: dict[str, str] | None = None) -> str:
        """Return the body of a 200; raise `MetadataError` for all else."""
        try:
            self._allow_remaining_time()
            self._connection.request(method, self._base + path, headers=headers or {})
            response = self._connection.getresponse()
            body = response.read(_LARGEST_DOCUMENT)
        except TimeoutError:
            raise MetadataError(f"no answer within {self._timeout:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise MetadataError(f"no answer: {reason}") from None
        if response.status != http.client.OK:
            raise MetadataError(f"HTTP {response.status} for {method} {path}")
        return body.decode(errors="replace")

    def _allow_remaining_time(self) -> None:
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.timeout = remaining
        if self._connection.sock is not None:
            self._connection.sock.settimeout(remaining)
