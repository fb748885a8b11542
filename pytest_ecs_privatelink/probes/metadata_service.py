"""AWS's metadata services as HTTP servers: each request once, one deadline, never a proxy."""

import http.client
import time
import urllib.parse
from collections.abc import Callable

# Real documents are a few kilobytes; nothing else may fill the memory.
_LARGEST_DOCUMENT = 1 << 20


class MetadataError(Exception):
    """A metadata service gave no answer, or none that can be used; one line.

    ``status`` is that of an HTTP answer other than 200, None where none came.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class MetadataService:
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

    def __enter__(self) -> "MetadataService":
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
            raise MetadataError(f"HTTP {response.status} for {method} {path}", response.status)
        return body.decode(errors="replace")

    def instance_reader(self) -> Callable[[str], str]:
        """Open a session (IMDSv2); return what reads ``/latest/meta-data/`` and raises as here."""
        lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        token = self.request("PUT", "/latest/api/token", lifetime).strip()
        headers = {"X-aws-ec2-metadata-token": token}

        def read(path: str) -> str:
            return self.request("GET", f"/latest/meta-data/{path}", headers).strip()

        return read

    def _allow_remaining_time(self) -> None:
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.timeout = remaining
        if self._connection.sock is not None:
            self._connection.sock.settimeout(remaining)
