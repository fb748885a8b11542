"""Which AWS a run talks to, told from options, environment and profile files."""

import os
from pathlib import Path

import pytest

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.targets.aws import open_session

CONFIG = """
[default]
region = eu-west-1
[profile prod]
region = eu-central-1
[profile local]
region = us-west-2
endpoint_url = http://127.0.0.1:4566
[profile bare]
output = json
"""


@pytest.fixture(autouse=True)
def _aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an AWS environment with the profiles above, dummy credentials and nothing else."""
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize(
    ("profile", "region", "variables", "expected"),
    [
        (None, "ca-west-1", {"AWS_REGION": "us-east-1"}, ("ca-west-1", "option")),
        (None, None, {"AWS_REGION": "us-east-1"}, ("us-east-1", "environment")),
        (None, None, {"AWS_DEFAULT_REGION": "us-east-2"}, ("us-east-2", "environment")),
        (
            None,
            None,
            {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"},
            ("us-east-1", "environment"),
        ),
        ("prod", None, {"AWS_DEFAULT_REGION": "us-east-2"}, ("us-east-2", "environment")),
        ("prod", None, {}, ("eu-central-1", "profile prod")),
        (None, None, {"AWS_PROFILE": "prod"}, ("eu-central-1", "profile prod")),
        (None, None, {}, ("eu-west-1", "profile default")),
    ],
)
def test_region_comes_from_option_then_environment_then_profile(
    monkeypatch: pytest.MonkeyPatch,
    profile: str | None,
    region: str | None,
    variables: dict[str, str],
    expected: tuple[str, str | None],
) -> None:
    """The option beats the environment (AWS_REGION first, as in the CLI), which beats a profile."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    opened = open_session(profile=profile, region=region)

    assert (opened.region, opened.region_source) == expected
    assert opened.session.region_name == expected[0]


@pytest.mark.parametrize(
    ("option", "variables", "expected"),
    [
        ("prod", {}, ("prod", "option")),
        ("prod", {"AWS_PROFILE": "local"}, ("prod", "option")),
        (None, {"AWS_PROFILE": "local"}, ("local", "environment")),
        (None, {"AWS_DEFAULT_PROFILE": "local"}, ("local", "environment")),
        (None, {"AWS_DEFAULT_PROFILE": "prod", "AWS_PROFILE": "local"}, ("prod", "environment")),
        (None, {}, ("default", None)),
    ],
)
def test_profile_comes_from_option_then_environment(
    monkeypatch: pytest.MonkeyPatch,
    option: str | None,
    variables: dict[str, str],
    expected: tuple[str, str | None],
) -> None:
    """The profile in use is named with its source, or with none where nobody chose one."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    opened = open_session(profile=option, region=None)

    assert (opened.profile, opened.profile_source) == expected


def test_no_region_says_how_to_give_one() -> None:
    """Without any Region the error names the three ways to give one."""
    with pytest.raises(SettingsError) as raised:
        open_session(profile="bare", region=None)

    assert str(raised.value) == (
        "no AWS Region: give --ecs-region, set AWS_REGION, or set region in the AWS profile bare"
    )


@pytest.mark.parametrize(
    ("option", "variables", "asked"),
    [
        ("prd", {}, "--ecs-profile prd"),
        (None, {"AWS_PROFILE": "prd"}, "AWS_PROFILE=prd"),
        (None, {"AWS_DEFAULT_PROFILE": "prd"}, "AWS_DEFAULT_PROFILE=prd"),
        (None, {"AWS_DEFAULT_PROFILE": "prd", "AWS_PROFILE": "prod"}, "AWS_DEFAULT_PROFILE=prd"),
        (None, {"AWS_PROFILE": ""}, "AWS_PROFILE is set, but empty"),
        (None, {"AWS_DEFAULT_PROFILE": ""}, "AWS_DEFAULT_PROFILE is set, but empty"),
    ],
)
def test_unknown_profile_lists_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, option: str | None, variables: dict[str, str], asked: str
) -> None:
    """A profile that does not exist is an error with those that do, whoever asked for it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as raised:
        open_session(profile=option, region="us-east-1")

    assert str(raised.value) == (
        f"{asked}: no such AWS profile; there are bare, default, local, prod"
    )


def test_whoever_named_the_profile_is_named() -> None:
    """A profile that an ini file names is mended there, not on the command line."""
    with pytest.raises(SettingsError, match=r"^ecs_profile prd: no such AWS profile; "):
        open_session(profile="prd", region=None, profile_named_by="ecs_profile")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_that_is_no_url_is_named_without_its_text(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The variable is told, its value (it may hold a password) is not."""
    monkeypatch.setenv(name, "http://me:secret@[::1")

    with pytest.raises(SettingsError) as raised:
        open_session(profile=None, region="us-east-1")

    assert str(raised.value) == f"{name} holds no URL of a proxy"


def test_unknown_profile_without_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any profile the error does not end in an empty list."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "absent"))

    with pytest.raises(
        SettingsError, match=r"^--ecs-profile x: no such AWS profile; there are none$"
    ):
        open_session(profile="x", region="us-east-1")


def test_misspelt_region() -> None:
    """Text that is no Region's name is refused before anything is called."""
    with pytest.raises(SettingsError) as raised:
        open_session(profile=None, region="US East")

    assert str(raised.value) == "'US East' is no AWS Region: they look like eu-west-1"


def test_broken_config_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A config file that botocore cannot parse is a one-line error with its path."""
    broken = tmp_path / "broken"
    broken.write_text("region = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))

    with pytest.raises(SettingsError) as raised:
        open_session(profile=None, region="us-east-1")

    message = str(raised.value)
    assert message.startswith("the AWS configuration cannot be used: ")
    assert str(broken) in message
    assert "\n" not in message


def test_endpoint_that_is_no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """An AWS_ENDPOINT_URL without scheme is named as what cannot be used."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost")

    with pytest.raises(SettingsError, match=r"^AWS_ENDPOINT_URL cannot be used: .*localhost"):
        open_session(profile=None, region="us-east-1")


@pytest.mark.parametrize(
    ("variables", "profile", "url", "emulated"),
    [
        ({}, None, "https://ec2.us-east-1.amazonaws.com", False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}, None, "http://127.0.0.1:5000", True),
        ({"AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:5001"}, None, "http://127.0.0.1:5001", True),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5002"}, None, None, False),
        ({}, "local", "http://127.0.0.1:4566", True),
        ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "local", None, False),
        (
            {"AWS_ENDPOINT_URL_EC2": "https://vpce-1-a.ec2.us-east-1.vpce.amazonaws.com"},
            None,
            "https://vpce-1-a.ec2.us-east-1.vpce.amazonaws.com",
            False,
        ),
        (
            {"AWS_ENDPOINT_URL": "https://localhost.localstack.cloud:4566"},
            None,
            "https://localhost.localstack.cloud:4566",
            True,
        ),
    ],
)
def test_emulator_is_known_by_its_address(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    profile: str | None,
    url: str | None,
    emulated: bool,
) -> None:
    """Any configured EC2 address outside AWS's domains is an emulator; an endpoint's own is not."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    opened = open_session(profile=profile, region="us-east-1")

    assert opened.endpoint_url == (url or "https://ec2.us-east-1.amazonaws.com")
    assert opened.emulated is emulated


def test_china_is_aws() -> None:
    """Every partition's own domain counts as AWS."""
    opened = open_session(profile=None, region="cn-north-1")

    assert opened.endpoint_url == "https://ec2.cn-north-1.amazonaws.com.cn"
    assert opened.emulated is False


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "http://me:secret@proxy.example:3128"}, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "me:secret@proxy.example:3128"}, "http://proxy.example:3128"),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": ".amazonaws.com"}, None),
    ],
)
def test_proxy_is_named_without_its_credentials(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], proxy: str | None
) -> None:
    """The proxy that EC2 calls go through is told, as NO_PROXY allows, and its password never."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    opened = open_session(profile=None, region="us-east-1")

    assert opened.proxy == proxy
    assert "secret" not in repr(opened)
