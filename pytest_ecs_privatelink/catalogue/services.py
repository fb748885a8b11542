"""Endpoint services by name: how AWS spells them, and the host names that ECS uses for them.

What is *probed* is fixed by what ECS's own clients dial, and those take their host names from the
SDK's endpoint rules: so `host_names` is the catalogue's alone. What an endpoint *answers for* is
AWS's to say: names that ``DescribeVpcEndpointServices`` offers (``monitoring`` has dual-stack and
FIPS ones besides its own) extend the private names, and an answer for them belongs to the endpoint.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.partitions import (
    PARTITIONS,
    looks_like_region,
    partition_of,
)
from pytest_ecs_privatelink.catalogue.table import ALL, EndpointService

SERVICES: Mapping[str, EndpointService] = MappingProxyType(
    {service.name: service for service in sorted(ALL, key=lambda service: service.name)}
)

_COMMON_PREFIX = "com.amazonaws"
_PREFIXES = tuple(
    sorted({partition.prefix for partition in PARTITIONS} | {"aws.api", "api.aws", "aws.sagemaker"})
)

_ECR = frozenset({"ecr.api", "ecr.dkr"})
_EFS = frozenset({"elasticfilesystem", "elasticfilesystem-fips"})
_SCALING = frozenset({"autoscaling", "application-autoscaling"})

# Services of the catalogue that carry their partition's prefix, by Region (aws-cdk vpc-endpoint.ts,
# VPC_ENDPOINT_SERVICE_EXCEPTIONS). Not s3: China's *interface* endpoint is cn.com.amazonaws..., but
# the gateway that ECS needs is com.amazonaws....
_OWN_PREFIX: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "cn-north-1": _ECR | _EFS | _SCALING | {"monitoring", "sts", "xray"},
        "cn-northwest-1": _ECR | _EFS | _SCALING | {"monitoring", "sts", "xray"},
        "us-iso-east-1": _ECR | _EFS | _SCALING,
        "us-iso-west-1": _ECR | _EFS | {"autoscaling", "monitoring"},
        "us-isob-east-1": _ECR | _EFS | _SCALING,
        "us-isob-west-1": _ECR | {"elasticfilesystem-fips"},
    }
)


@dataclass(frozen=True, slots=True)
class ServiceName:
    """An AWS service name taken apart; ``region`` is None for a global service (``...iam``)."""

    service: str
    region: str | None
    prefix: str


@dataclass(frozen=True, slots=True)
class Names:
    """``hosts`` are probed; ``private`` are names and wildcards that the endpoint answers for."""

    hosts: tuple[str, ...]
    private: tuple[str, ...]


def parse_service_name(text: str) -> ServiceName | None:
    """Take an endpoint service name apart by its known prefix; None if it is not one of AWS's.

    A customer's or partner's own service (``com.amazonaws.vpce.REGION.vpce-svc-...``) is None.
    """
    for prefix in _PREFIXES:
        if text.startswith(prefix + "."):
            return _parse_rest(prefix, text.removeprefix(prefix + "."))
    return None


def _parse_rest(prefix: str, rest: str) -> ServiceName | None:
    head, _, tail = rest.partition(".")
    if head == "vpce":
        return None
    if looks_like_region(head):
        return ServiceName(tail, head, prefix) if tail else None
    service = tail if head == "global" else rest
    return ServiceName(service, None, prefix) if service else None


def service_name(service: str, region: str) -> str:
    """Return the name to create ``service``'s endpoint with in ``region`` (``s3``: the gateway)."""
    partition = partition_of(region)
    own = _OWN_PREFIX.get(region, _ECR)  # ecr.* is what all partitions' exceptions have in common
    prefix = partition.prefix if service in own else _COMMON_PREFIX
    return f"{prefix}.{region}.{service}"


def host_names(service: str, region: str, registries: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the exact names that ECS dials for ``service``: what is probed.

    ``registries`` are the account ids of the registries in use; `ValueError` where a registry
    service is asked for without any, and for a service that is not in the catalogue.
    """
    known = _known(service)
    templates = known.hosts
    if any("{account}" in template for template in templates):
        if not registries:
            raise ValueError(f"{service} is dialled by registry account, and none was given")
        accounts = dict.fromkeys(registries)
        templates = tuple(t.replace("{account}", a) for t in templates for a in accounts)
    return tuple(_absolute(known, template, region) for template in templates)


def private_dns_names(service: str, region: str) -> tuple[str, ...]:
    """Return names and wildcards that an interface endpoint's private DNS answers for.

    For ``s3`` these are an interface endpoint's; a gateway endpoint has no names. `ValueError` for
    a service that is not in the catalogue.
    """
    known = _known(service)
    return tuple(_absolute(known, label, region) for label in known.private)


def names_with_offers(
    service: str,
    region: str,
    registries: tuple[str, ...] = (),
    offers: Iterable[tuple[str, tuple[str, ...]]] = (),
) -> Names:
    """Return the names of ``service``, with what AWS offers in this Region added.

    ``offers`` are (service name, private DNS names) pairs of ``DescribeVpcEndpointServices``; leave
    out an emulator's, which are wrong. Offered names never add hosts (see the module). Raises as
    `host_names` does.
    """
    offered = (
        name.lower()
        for text, names in offers
        if (parsed := parse_service_name(text)) is not None
        and (parsed.service, parsed.region) == (service, region)
        for name in names
    )
    own = private_dns_names(service, region)
    return Names(host_names(service, region, registries), tuple(dict.fromkeys((*own, *offered))))


def covers(pattern: str, name: str) -> bool:
    """Whether DNS would answer ``name`` from a record named ``pattern``.

    Case and a trailing dot do not matter. A leading ``*`` label stands for one or more labels, a
    ``*`` elsewhere for itself (RFC 4592). That a closer name of the same zone switches a wildcard
    off cannot be seen from one pattern.
    """
    pattern, name = _canonical(pattern), _canonical(name)
    if not name or name.startswith("."):
        return False
    if not pattern.startswith("*."):
        return pattern == name
    return name.endswith(pattern[1:]) and len(name) > len(pattern) - 1


def is_host_of(name: str, service: str, region: str) -> bool:
    """Whether ``name`` is one that ``service``'s endpoint answers for, by the catalogue."""
    return any(covers(pattern, name) for pattern in private_dns_names(service, region))


def layer_bucket(region: str) -> str:
    """Return the bucket that ECR keeps a Region's image layers in (AmazonECR vpc-endpoints page).

    UNVERIFIED outside the commercial Regions.
    """
    return f"prod-{region}-starport-layer-bucket"


def layer_bucket_host(region: str) -> str:
    """Return the host that a pull's layer downloads are redirected to."""
    return f"{layer_bucket(region)}.s3.{region}.{partition_of(region).dns_suffix}"


def _known(service: str) -> EndpointService:
    try:
        return SERVICES[service]
    except KeyError:
        raise ValueError(f"{service!r} is not an endpoint service of the catalogue") from None


def _absolute(service: EndpointService, labels: str, region: str) -> str:
    partition = partition_of(region)
    if service.shared_fips_host and partition.name == "aws-us-gov":
        labels = labels.removesuffix("-fips")
    return f"{labels.replace('{region}', region)}.{region}.{partition.dns_suffix}"


def _canonical(name: str) -> str:
    return name.lower().removesuffix(".")
