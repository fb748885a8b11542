"""Where ``DiscoverPollEndpoint`` sends an agent: that depends on the way by which it asked.

Through the ``ecs`` interface endpoint it is sent to the names that private DNS covers; by any other
way to numbered hosts, which resolve publicly alone (FACTS section 1.2, amazon-ecs-agent#2169).
"""

from collections.abc import Mapping

from pytest_ecs_privatelink.catalogue.partitions import partition_of

ECS = "AmazonEC2ContainerServiceV20141113"
"""The ECS API's prefix in the header X-Amz-Target."""
DISCOVER = "ecs:DiscoverPollEndpoint"
_HOSTS = {"ecs-agent": "ecs-a", "ecs-telemetry": "ecs-t"}
_NUMBER = 4


def poll_endpoints(region: str, *, private: bool) -> Mapping[str, str]:
    """Return the answer to a call that came through the endpoint (``private``), or did not."""
    acs, tcs = (_host(service, region, numbered=not private) for service in _HOSTS)
    return {"endpoint": f"https://{acs}/", "telemetryEndpoint": f"https://{tcs}/"}


def numbered_hosts(service: str, region: str) -> tuple[str, ...]:
    """Return the numbered hosts of an endpoint service, which no endpoint has the names of."""
    return (_host(service, region, numbered=True),) if service in _HOSTS else ()


def _host(service: str, region: str, *, numbered: bool) -> str:
    number = f"-{_NUMBER}" if numbered else ""
    return f"{_HOSTS[service]}{number}.{region}.{partition_of(region).dns_suffix}"
