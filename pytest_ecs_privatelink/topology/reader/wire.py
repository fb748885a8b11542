"""Requests to AWS: read-only, paginated, counted as sent, with one kind of refusal."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    import boto3

T = TypeVar("T")
Raw = dict[str, Any]

# Where the prefix of IAM actions is not botocore's name of the service.
_IAM_PREFIX = {"efs": "elasticfilesystem"}

SERVICES = ("ec2", "route53", "route53resolver", "route53profiles")
CLUSTER_SERVICES = ("ecs", "iam", "efs")
"""What reading a cluster takes besides: no client of these is made where none is asked for."""
# As many as there are parts, so that a service which never answers holds up no other.
WORKERS = 20
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=WORKERS,
    user_agent_extra="pytest-ecs-privatelink",
)
# An emulator's 500 means "not implemented" and will not change: a retry costs up to a second.
EMULATOR_CONFIG = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))


class AnswerError(ValueError):
    """An answer arrived and lacks what AWS always sends."""


class Refused(Exception):  # noqa: N818  (a refusal is an expected outcome, judged by the reader)
    """A request brought no answer that fits; ``permission`` is the IAM action it needs."""

    def __init__(self, permission: str, cause: Exception) -> None:
        super().__init__(permission, cause)
        self.permission = permission
        self.cause = cause

    @property
    def service(self) -> str:
        """The AWS service that was asked, by the prefix of its IAM actions."""
        return self.permission.partition(":")[0]

    @property
    def code(self) -> str | None:
        """AWS's error code, None where AWS did not answer with one."""
        if not isinstance(self.cause, ClientError):
            return None
        return self.cause.response.get("Error", {}).get("Code")


class Wire:
    """The clients for one Region. Safe to use from threads once made."""

    def __init__(
        self,
        session: "boto3.Session",
        region: str,
        config: Config = CONFIG,
        services: tuple[str, ...] = SERVICES,
    ) -> None:
        """Make the clients; raises what botocore raises for bad settings and credentials."""
        self._sent: Counter[str] = Counter()
        self._lock = threading.Lock()
        make: Callable[..., Any] = session.client  # the stubs want literal service names
        self._clients = {
            service: make(service, region_name=region, config=config) for service in services
        }
        for service, client in self._clients.items():
            client.meta.events.register("before-send", self._counter(service))

    def calls(self) -> dict[str, int]:
        """Return how many requests were sent, pages and retries included, by IAM action."""
        with self._lock:
            return dict(sorted(self._sent.items()))

    def url(self, service: str) -> str:
        """Return the address that requests to ``service`` go to."""
        return str(self._clients[service].meta.endpoint_url)

    def close(self) -> None:
        """Give the connections back."""
        for client in self._clients.values():
            client.close()

    def answer(self, service: str, operation: str, read: Callable[[Raw], T], **params: object) -> T:
        """Return what ``read`` makes of an answer that has no pages; raises `Refused`."""
        with _refusals(_action(service, operation)):
            return read(self._call(service, operation, params))

    def records(
        self,
        service: str,
        operation: str,
        key: str,
        record: Callable[[Raw], T],
        keep: Callable[[Raw], bool] = lambda _: True,
        **params: object,
    ) -> tuple[T, ...]:
        """Return what ``record`` makes of every item of the list ``key``, over all pages.

        Items that ``keep`` does not hold for are left out. An item that lacks a field which
        ``record`` needs is a `Refused` too, and so is an answer without ``key``: the page of a
        captive portal parses as an answer without anything in it.
        """
        with _refusals(_action(service, operation)):
            return tuple(
                record(item)
                for page in self._pages(service, operation, params)
                for item in page[key]
                if keep(item)
            )

    def _pages(self, service: str, operation: str, params: Raw) -> Iterator[Raw]:
        client = self._clients[service]
        method = xform_name(operation)
        if client.can_paginate(method):
            yield from client.get_paginator(method).paginate(**params)
            return
        token, seen = None, set[str]()
        while token not in seen:
            page = self._call(service, operation, params | ({"NextToken": token} if token else {}))
            yield page
            seen.add(token or "")
            token = page.get("NextToken") or ""

    def _call(self, service: str, operation: str, params: Raw) -> Raw:
        answer: Raw = getattr(self._clients[service], xform_name(operation))(**params)
        return answer

    def _counter(self, service: str) -> Callable[..., None]:
        def count(event_name: str, **_: object) -> None:
            operation = event_name.rpartition(".")[2]
            with self._lock:
                self._sent[_action(service, operation)] += 1

        return count


def _action(service: str, operation: str) -> str:
    return f"{_IAM_PREFIX.get(service, service)}:{operation}"


@contextlib.contextmanager
def _refusals(permission: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError, ValueError) as error:
        raise Refused(permission, error) from error
    except KeyError as error:
        raise Refused(permission, AnswerError(f"the answer lacks {error}")) from error
