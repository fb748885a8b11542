"""Image references: which registry they name, as Docker reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.catalogue.images import Image, image_version, parse_image

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
ACCOUNT = "123456789012"


def ecr(host: str, region: str, repository: str = "app") -> Image:
    """Return an image of account 123456789012's registry."""
    return Image(host, repository, ACCOUNT, region)


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("nginx", Image("docker.io", "library/nginx")),
        ("nginx:1.27", Image("docker.io", "library/nginx")),
        (f"nginx@{DIGEST}", Image("docker.io", "library/nginx")),
        (f"nginx:1.27@{DIGEST}", Image("docker.io", "library/nginx")),
        ("library/nginx:1", Image("docker.io", "library/nginx")),
        ("datadog/agent:7", Image("docker.io", "datadog/agent")),
        ("docker.io/nginx", Image("docker.io", "library/nginx")),
        ("index.docker.io/datadog/agent", Image("docker.io", "datadog/agent")),
        ("localhost/x", Image("localhost", "x")),
        ("host:5000/x", Image("host:5000", "x")),
        ("host:5000/team/x:2", Image("host:5000", "team/x")),
        ("10.0.0.7:5000/x", Image("10.0.0.7:5000", "x")),
        ("[fd00::7]:5000/x", Image("[fd00::7]:5000", "x")),
        ("Registry.Corp.Internal/x", Image("registry.corp.internal", "x")),
        ("public.ecr.aws/nginx/nginx:1", Image("public.ecr.aws", "nginx/nginx")),
        ("ghcr.io/owner/x__y-z.w:v1", Image("ghcr.io", "owner/x__y-z.w")),
    ],
)
def test_what_a_reference_names(text: str, image: Image) -> None:
    """Host and repository are Docker's reading; neither tag nor digest matters."""
    assert parse_image(text) == image


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com", "us-east-1"),
        (f"{ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        (f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        (f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
        (f"{ACCOUNT}.dkr-ecr-fips.us-east-2.on.aws", "us-east-2"),
    ],
)
def test_an_ecr_registry_tells_account_and_region(host: str, region: str) -> None:
    """IPv4, FIPS and dual-stack hosts, in each partition's own suffix."""
    assert parse_image(f"{host}/app:1") == ecr(host, region)
    assert parse_image(f"{host}/team/app@{DIGEST}") == ecr(host, region, "team/app")
    assert parse_image(f"{host.upper()}/app") == ecr(host, region)


@pytest.mark.parametrize(
    "host",
    [
        "12345.dkr.ecr.us-east-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.cn",
        f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.evil.example",
        f"{ACCOUNT}.dkr.ecr.nowhere.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.us-east-1.on.aws",
        f"{ACCOUNT}.dkr-ecr.us-east-1.amazonaws.com",
        "public.ecr.aws",
    ],
)
def test_what_only_looks_like_ecr_is_another_registry(host: str) -> None:
    """No endpoint serves a host that ECR does not have."""
    assert parse_image(f"{host}/app") == Image(host, "app")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "nginx latest", "${IMAGE}", "NGINX", "https://ghcr.io/x", "ghcr.io/", "/x"),
        *(":1", "a@b", "x@sha256:12", "x:", "host:port/x", "a..b/x", "-a.io/x", "a//b"),
    ],
)
def test_what_is_no_reference_names_nothing(text: str) -> None:
    """ECS would not start it; nothing can be said of its registry."""
    assert parse_image(text) is None


@given(st.text(alphabet="abA10./:@-_[]{}$ \n", max_size=40))
def test_no_text_raises(text: str) -> None:
    """Whatever stands in a task definition is an image or none, and a host is never empty."""
    image = parse_image(text)
    assert image is None or (image.host and image.repository)


@given(
    host=st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}(:[0-9]{1,5})?", fullmatch=True),
    repository=st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6}){1,3}", fullmatch=True),
    version=st.sampled_from(["", ":1.2", ":latest", f"@{DIGEST}", f":1@{DIGEST}"]),
)
def test_host_and_repository_come_back(host: str, repository: str, version: str) -> None:
    """What is put together is what is taken apart."""
    assert parse_image(f"{host}/{repository}{version}") == Image(
        "docker.io" if host == "index.docker.io" else host, repository
    )


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("nginx", "latest"),
        ("host:5000/x", "latest"),
        ("host:5000/x:1.2", "1.2"),
        (f"host:5000/x@{DIGEST}", DIGEST),
        (f"host/x:1.2@{DIGEST}", DIGEST),
    ],
)
def test_the_version_is_digest_or_tag_or_latest(text: str, version: str) -> None:
    """A port is no tag, and a digest counts before one."""
    assert image_version(text) == version
