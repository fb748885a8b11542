"""Which certificate authorities are trusted."""

import ssl
from pathlib import Path

import pytest

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.targets.trust import ca_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """Return the path of a file that exists."""
    path = tmp_path / "ca.pem"
    path.write_text("")
    return str(path)


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        (("AWS_CA_BUNDLE",), "AWS_CA_BUNDLE"),
        (("SSL_CERT_FILE",), "SSL_CERT_FILE"),
        (("AWS_CA_BUNDLE", "SSL_CERT_FILE"), "AWS_CA_BUNDLE"),
    ],
)
def test_environment_names_the_bundle(
    bundle: str, tmp_path: Path, variables: tuple[str, ...], source: str
) -> None:
    """AWS_CA_BUNDLE comes first, then SSL_CERT_FILE; the source is told."""
    environ = {name: str(tmp_path / "other.pem") for name in variables}
    environ[source] = bundle

    assert ca_bundle(environ) == (bundle, source)


@pytest.mark.parametrize("environ", [{}, {"AWS_CA_BUNDLE": "", "SSL_CERT_FILE": ""}])
def test_botocore_bundle_is_the_last_resort(environ: dict[str, str]) -> None:
    """With neither variable (or empty ones) it is botocore's bundle, which ssl can load."""
    path, source = ca_bundle(environ)

    assert source == "botocore"
    assert ssl.create_default_context(cafile=path).get_ca_certs()


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize(
    ("name", "why"), [("absent.pem", "No such file or directory"), (".", "Is a directory")]
)
def test_unreadable_bundle_is_a_settings_error(
    tmp_path: Path, variable: str, name: str, why: str
) -> None:
    """A variable that names no readable file is an error that says which and what to do."""
    path = str(tmp_path / name)

    with pytest.raises(SettingsError) as raised:
        ca_bundle({variable: path})

    assert str(raised.value) == (
        f"{variable}={path} cannot be read ({why}): "
        "name a PEM file with CA certificates, or unset it"
    )
