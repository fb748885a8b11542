"""Which endpoint service a host name of AWS's belongs to."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.partitions import PARTITIONS, looks_like_region
from pytest_ecs_privatelink.catalogue.services import SERVICES

_SUFFIXES = tuple(
    sorted(
        {each.dns_suffix for each in PARTITIONS}
        | {each.dual_stack_suffix for each in PARTITIONS}
        | {"on.aws"},  # dual-stack registries: ACCOUNT.dkr-ecr.REGION.on.aws
        key=len,
        reverse=True,
    )
)
# What ends where the text ends may have been cut.
_URL = re.compile(r"https?://([A-Za-z0-9.-]+)(?=[/:\"'\s])")
_LOOKUP = re.compile(r"\blookup ([A-Za-z0-9.-]+)(?=[:\s])")
_REFERENCE = re.compile(
    r"(?:resolve ref|resolve reference|denied for|related to|repository|image)[ '\"]+"
    r"([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?::\d+)?/"
)
_OWN_HOSTS: Mapping[str, str] = MappingProxyType(
    {
        label: each.name
        for each in SERVICES.values()
        for label in each.private
        if "*" not in label and not each.name.startswith(("ecr", "s3"))
    }
)
_PREFIX_OF_ENDPOINT = re.compile(r"^vpce-[0-9a-z-]+\.|^\*\.vpce-[0-9a-z-]+\.")


def asked_host(text: str) -> str | None:
    """Return the host that was asked last: of a URL, else of a lookup."""
    return _last(_URL, text) or _last(_LOOKUP, text)


def registry_of(text: str) -> str | None:
    """Return the registry of the image that ``text`` names."""
    return _last(_REFERENCE, text)


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return str(found[-1]).lower().rstrip(".") if found else None


def looked_up(text: str) -> str | None:
    """Return the name that a failed lookup was for."""
    found = _LOOKUP.search(text)
    return found[1].rstrip(".:") if found else None


def service_of(host: str) -> str | None:
    """Return the endpoint service of ``host``, None where it is none of the catalogue's.

    Regions, partitions, FIPS and dual-stack names, and those of an endpoint itself (``vpce-...``)
    are all known; of FIPS names it is the endpoint service of the FIPS endpoint, if there is one.
    """
    left = _left_of_region(host.lower())
    if left is None:
        return None
    left = _PREFIX_OF_ENDPOINT.sub("", left)
    fips = "-fips" if re.search(r"-fips(?:\.dualstack)?$", left) else ""
    plain = re.sub(r"(?:-fips)?(?:\.dualstack)?$", "", left)
    if plain in ("api.ecr", "ecr"):
        return f"ecr{fips}.api"
    if re.search(r"(?:^|\.)dkr[.-]ecr$", plain):
        return f"ecr{fips}.dkr"
    if re.search(r"(?:^|\.)s3$", plain):
        return f"s3{fips}"
    return _OWN_HOSTS.get(f"{plain}{fips}") or _OWN_HOSTS.get(plain)


def region_of(host: str) -> str | None:
    """Return the Region that a host name of AWS's carries; None for none, or another's host."""
    labels = _labels(host.lower())
    return labels[-1] if labels and looks_like_region(labels[-1]) else None


def _labels(host: str) -> list[str]:
    """Return the labels left of a partition's suffix; none where the host has no such suffix."""
    suffix = next((each for each in _SUFFIXES if host.endswith(f".{each}")), None)
    if suffix is None:
        return []
    labels = host.removesuffix(f".{suffix}").split(".")
    return labels[:-1] if labels[-1] == "vpce" else labels


def _left_of_region(host: str) -> str | None:
    labels = _labels(host)
    if not labels:
        return None
    if looks_like_region(labels[-1]):
        return ".".join(labels[:-1])
    # S3's oldest names have no Region.
    return ".".join(labels) if labels[-1] == "s3" else None
