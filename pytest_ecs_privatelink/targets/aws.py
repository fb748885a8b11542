"""Which AWS a run talks to: the session, its Region, and where each of them came from."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError, InvalidRegionError, ProfileNotFound
from botocore.utils import get_environ_proxies

from pytest_ecs_privatelink.catalogue.partitions import PARTITIONS
from pytest_ecs_privatelink.errors import SettingsError

# The AWS CLI's order; boto3 itself reads only the second.
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
# botocore's order (botocore.configprovider), which is not the CLI's.
_PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """A boto3 session for one Region, before any call.

    Sources are ``option``, ``environment`` or ``profile NAME``; ``profile_source`` is None where
    nobody chose a profile. ``endpoint_url`` is where the EC2 API will be called, ``emulated``
    whether that is somewhere else than AWS, and ``proxy`` the proxy in between, if there is one,
    without its credentials.
    """

    session: boto3.Session
    region: str
    region_source: str
    profile: str
    profile_source: str | None
    endpoint_url: str
    emulated: bool
    proxy: str | None


def open_session(
    *,
    profile: str | None,
    region: str | None,
    profile_named_by: str = "--ecs-profile",
    region_named_by: str = "--ecs-region",
) -> OpenedSession:
    """Open the session that the options, the AWS environment and the profile ask for.

    ``profile_named_by`` is what the user has to mend where there is no such ``profile``, and
    ``region_named_by`` where there is no Region. Raises
    `SettingsError` for an unknown profile (it lists the known ones), for no Region or one that is
    no Region's name, and for AWS configuration that botocore cannot use. Nothing is called, STS
    included.
    """
    asked = f"{profile_named_by} {profile}" if profile else _asked_by_environment()
    chosen, source = _region(_open(profile, asked), region, region_named_by)
    session = _open(profile, asked, chosen)
    endpoint_url = _endpoint_url(session, chosen)
    return OpenedSession(
        session=session,
        region=chosen,
        region_source=source,
        profile=session.profile_name,
        profile_source=_profile_source(profile),
        endpoint_url=endpoint_url,
        emulated=not _is_aws(endpoint_url),
        proxy=_proxy(endpoint_url),
    )


def _profile_variable() -> tuple[str, str] | None:
    """Return the variable that chooses the profile, and its value; None where none does."""
    found = ((name, os.environ[name]) for name in _PROFILE_VARIABLES if name in os.environ)
    return next(found, None)


def _asked_by_environment() -> str:
    name, value = _profile_variable() or (_PROFILE_VARIABLES[-1], "")
    return f"{name}={value}" if value else f"{name} is set, but empty"


def _open(profile: str | None, asked: str, region: str | None = None) -> boto3.Session:
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except ProfileNotFound:
        raise SettingsError(f"{asked}: no such AWS profile; {_known_profiles()}") from None
    except BotoCoreError as error:
        raise _unusable(error) from None


def _known_profiles() -> str:
    names = botocore.session.Session().available_profiles
    return f"there are {', '.join(sorted(names))}" if names else "there are none"


def _region(session: boto3.Session, option: str | None, named_by: str) -> tuple[str, str]:
    """Return the Region and its source."""
    if option:
        return option, "option"
    for variable in _REGION_VARIABLES:
        if value := os.environ.get(variable):
            return value, "environment"
    if session.region_name:
        return session.region_name, f"profile {session.profile_name}"
    raise SettingsError(
        f"no AWS Region: give {named_by}, set AWS_REGION, or set region in the AWS profile "
        f"{session.profile_name}"
    )


def _profile_source(option: str | None) -> str | None:
    if option:
        return "option"
    return None if _profile_variable() is None else "environment"


def _endpoint_url(session: boto3.Session, region: str) -> str:
    """Return what botocore makes of Region, AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL and profile."""
    try:
        return str(session.client("ec2", region_name=region).meta.endpoint_url)
    except InvalidRegionError:
        raise SettingsError(f"{region!r} is no AWS Region: they look like eu-west-1") from None
    except BotoCoreError as error:
        raise _unusable(error) from None
    except ValueError as error:  # botocore's word for a URL that is none
        raise SettingsError(f"AWS_ENDPOINT_URL cannot be used: {error}") from None


def _unusable(error: BotoCoreError) -> SettingsError:
    return SettingsError(f"the AWS configuration cannot be used: {' '.join(str(error).split())}")


def _is_aws(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    suffixes = {partition.dns_suffix for partition in PARTITIONS}
    suffixes |= {partition.dual_stack_suffix for partition in PARTITIONS}
    return any(host.endswith(f".{suffix}") for suffix in suffixes)


def _proxy(url: str) -> str | None:
    scheme = urlsplit(url).scheme
    proxy = get_environ_proxies(url).get(scheme)
    if not proxy:
        return None
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    except ValueError:  # its text may hold a password: only the variable is named
        variable = f"{scheme}_proxy"
        name = next((name for name in os.environ if name.lower() == variable), variable)
        raise SettingsError(f"{name} holds no URL of a proxy") from None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}"
