"""Which certificate authorities a run trusts, and who said so."""

from collections.abc import Mapping
from typing import NamedTuple

from botocore.httpsession import get_cert_path

from pytest_ecs_privatelink.errors import SettingsError

_VARIABLES = ("AWS_CA_BUNDLE", "SSL_CERT_FILE")


class CaBundle(NamedTuple):
    """A PEM file, and where its path came from: a variable's name, or ``botocore``."""

    path: str
    source: str


def ca_bundle(environ: Mapping[str, str]) -> CaBundle:
    """Return the bundle that TLS probes verify with: AWS_CA_BUNDLE, SSL_CERT_FILE, botocore's.

    Raises `SettingsError` where a variable names something that is not a readable file.
    """
    for variable in _VARIABLES:
        if path := environ.get(variable):
            return CaBundle(_readable(path, variable), variable)
    return CaBundle(str(get_cert_path(True)), "botocore")


def _readable(path: str, variable: str) -> str:
    try:
        with open(path, "rb"):
            return path
    except OSError as error:
        raise SettingsError(
            f"{variable}={path} cannot be read ({error.strerror}): "
            f"name a PEM file with CA certificates, or unset it"
        ) from None
