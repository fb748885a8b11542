"""The clients that traces are removed through: of CloudWatch Logs and ECS, each made when asked."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.config import Config

if TYPE_CHECKING:
    import boto3

Client = Any
"""A boto3 client: botocore makes its methods at run time."""


class Clients:
    """Clients of one session; making them raises what botocore does for a bad configuration.

    With an ``address`` (a URL) that of CloudWatch Logs goes there straight, as probes do, whatever
    proxies, FIPS hosts and endpoints the environment names. ``count`` hears of each request by its
    IAM action, ``config`` is `botocore.config.Config`'s.
    """

    def __init__(
        self,
        session: "boto3.Session",
        *,
        address: str | None = None,
        count: Callable[[str], None] | None = None,
        **config: Any,  # noqa: ANN401 - Config's own
    ) -> None:
        self._session = session
        self._address = address
        self._count = count
        self._config = config

    @cached_property
    def logs(self) -> Client:
        """That of CloudWatch Logs."""
        straight: dict[str, Any] = {}
        if self._address is not None:
            straight = {"proxies": {}, "use_fips_endpoint": False, "use_dualstack_endpoint": False}
        return self._client("logs", self._address, straight)

    @cached_property
    def ecs(self) -> Client:
        """That of ECS."""
        return self._client("ecs", None, {})

    def host(self, service: str) -> str:
        """Return the name of the host that requests to ``service`` go to."""
        client = self.ecs if service == "ecs" else self.logs
        return str(urlsplit(client.meta.endpoint_url).hostname)

    def close(self) -> None:
        """Give the connections back."""
        for made in ("logs", "ecs"):
            if made in self.__dict__:
                self.__dict__[made].close()

    def _client(self, service: str, address: str | None, more: dict[str, Any]) -> Client:
        config = Config(user_agent_extra="pytest-ecs-privatelink", **self._config, **more)
        client: Client = self._session.client(service, config=config, endpoint_url=address)
        count = self._count
        if count is not None:

            def counted(event_name: str, **_: object) -> None:
                count(f"{service}:{event_name.rpartition('.')[2]}")

            client.meta.events.register("before-send", counted)
        return client
