"""What the tests of exchanges over TLS share: a CA, its bundle, and localhost's certificate."""

import pytest
import trustme


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return the CA that the wire is told to trust."""
    return trustme.CA(organization_name="Lab CA")


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of the authority's bundle."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    """Return what localhost presents."""
    return authority.issue_cert("localhost")
