"""Installed but not switched on, the plugin is as good as absent."""

import json
import re
from pathlib import Path

import pytest

HEAVY = ("boto3", "botocore", "dns", "asyncio", "ssl", "moto", "pyroute2", "trustme")
FIXTURES = (
    *("ecs_vpc", "ecs_subnet", "ecs_endpoint", "ecs_probe", "ecs_vantage", "ecs_boto3_session"),
    *("ecs_resolver_addresses", "ecs_ca_bundle", "ecs_lab", "ecs_check", "ecs_audit"),
)
MARKERS = (
    "ecs_subnet(*ids_or_names)",
    "ecs_endpoint(*services)",
    "ecs_launch_type(*types)",
    "ecs_claim(name)",
)
TELL_MODULES = """
import json, sys

def pytest_unconfigure():
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)


def modules_of_a_run(pytester: pytest.Pytester, *arguments: str) -> set[str]:
    """Return all that is imported at the end of a run of one ordinary test."""
    pytester.makeconftest(TELL_MODULES)
    pytester.makepyfile("def test_ordinary(): pass")
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=1)
    return set(json.loads((pytester.path / "modules.json").read_text()))


def test_nothing_heavy_is_imported(pytester: pytest.Pytester) -> None:
    """Of our package only options, markers and fixtures are loaded, and nothing heavy for us."""
    idle = modules_of_a_run(pytester)
    absent = modules_of_a_run(pytester, "-p", "no:ecs-privatelink")
    assert {name for name in idle - absent if name.partition(".")[0] in HEAVY} == set()
    assert {name for name in idle - absent if not name.startswith("pytest_ecs_")} == set()
    assert sorted(
        name.rpartition(".")[2] for name in idle if "pytest_ecs_privatelink." in name
    ) == [
        "fixtures",
        "markers",
        "options",
        "plugin",
    ]


def test_nothing_is_told(pytester: pytest.Pytester) -> None:
    """No header, no matrix, no last line."""
    pytester.makepyfile("def test_ordinary(): pass")
    result = pytester.runpytest_subprocess("-v")
    result.assert_outcomes(passed=1)
    plugins = [line for line in result.outlines if line.startswith("plugins: ")]
    assert "ecs" not in "\n".join(line for line in result.outlines if line not in plugins)
    assert "ecs-privatelink-" in plugins[0]


@pytest.mark.parametrize("fixture", FIXTURES)
def test_a_test_that_asks_for_our_fixture_is_skipped(
    pytester: pytest.Pytester, fixture: str
) -> None:
    """A user's tests stay green on machines without the VPC, and say what they need."""
    pytester.makepyfile(f"def test_in_the_vpc({fixture}): assert False")
    result = pytester.runpytest_inprocess("-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(skipped=1)
    assert any(line.endswith(": needs --ecs-vpc") for line in result.outlines)


def test_help_shows_the_options_as_a_group(pytester: pytest.Pytester) -> None:
    """``--help`` has a group of ours with every option, and each ini value."""
    result = pytester.runpytest_subprocess("--help")
    assert result.ret == 0
    start = result.outlines.index("Amazon ECS without an internet path:")
    group = []
    for line in result.outlines[start + 1 :]:
        if not line.startswith(" ") and line:
            break
        group.append(line)
    shown = re.findall(r"^  (--ecs-[a-z-]+)", "\n".join(group), re.MULTILINE)
    assert shown[:3] == ["--ecs-vpc", "--ecs-lab", "--ecs-snapshot"]
    everywhere = re.findall(r"^  (--ecs-[a-z-]+)", result.stdout.str(), re.MULTILINE)
    assert everywhere == shown
    inis = re.findall(r"^  (ecs_[a-z_]+) \(", result.stdout.str(), re.MULTILINE)
    acts = {"--ecs-save-snapshot", "--ecs-fault", "--ecs-cleanup", "--ecs-lend-credentials"}
    assert {"--" + name.replace("_", "-") for name in inis} == set(shown) - acts


def test_markers_are_listed_with_their_signature(pytester: pytest.Pytester) -> None:
    """``--markers`` explains our four."""
    result = pytester.runpytest_subprocess("--markers")
    assert result.ret == 0
    ours = [line for line in result.outlines if line.startswith("@pytest.mark.ecs_")]
    assert [line.partition(":")[0] for line in ours] == [f"@pytest.mark.{each}" for each in MARKERS]


def test_markers_are_registered(pytester: pytest.Pytester) -> None:
    """Under ``--strict-markers`` marked tests run whether the plugin is switched on or not."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.ecs_subnet("private-a")
        @pytest.mark.ecs_endpoint("logs")
        @pytest.mark.ecs_launch_type("fargate")
        @pytest.mark.ecs_claim("tcp-443")
        def test_marked():
            pass
        """
    )
    pytester.runpytest_subprocess("--strict-markers", "-W", "error").assert_outcomes(passed=1)


def test_one_switch_turns_everything_off(pytester: pytest.Pytester) -> None:
    """``-p no:ecs-privatelink`` takes options, fixtures and markers with it."""
    pytester.makepyfile("def test_in_the_vpc(ecs_vpc): pass")
    result = pytester.runpytest_subprocess("-p", "no:ecs-privatelink")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E       fixture 'ecs_vpc' not found"])
    help_text = pytester.runpytest_subprocess("-p", "no:ecs-privatelink", "--help", "--markers")
    assert "ecs" not in help_text.stdout.str()
    refused = pytester.runpytest_subprocess("-p", "no:ecs-privatelink", "--ecs-lab")
    assert refused.ret == 4
    assert "unrecognized arguments: --ecs-lab" in refused.stderr.str()


@pytest.mark.parametrize("argument", ["--help", "--markers", "--fixtures", "--setup-plan"])
def test_asking_about_tests_is_no_run(
    pytester: pytest.Pytester, snapshot: Path, argument: str
) -> None:
    """What runs no test reports nothing, lest it replaces the report of a run."""
    result = pytester.runpytest_subprocess(
        f"--ecs-snapshot={snapshot}", "--ecs-json=ecs.json", argument
    )
    assert result.ret == 0
    assert not (pytester.path / "ecs.json").exists()
    assert "nothing was proven" not in result.stdout.str()
