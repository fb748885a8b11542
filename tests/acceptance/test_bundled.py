"""The bundled scenarios run in any folder, and only where no path was given."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from lab_runs import AUDITS, TASKS, TESTS, Finished, Runs

import pytest_ecs_privatelink

BUNDLED = {
    *("test_audit.py", "test_private_dns.py", "test_tcp_443.py"),
    *("test_ecr_pull.py", "test_awslogs.py", "test_secret.py", "test_agent.py"),
}
MINE = "def test_mine(ecs_vpc): assert ecs_vpc.subnets"
HIDING = """
[pytest]
python_files = check_*.py
python_functions = check_*
python_classes = Check*
norecursedirs = *
addopts = --ignore-glob=*/test_*.py --ignore-glob=*scenarios*
"""
OVERRIDING = """
import botocore, pathlib, pytest

@pytest.fixture(scope="session")
def ecs_resolver_addresses():
    return ("10.0.0.2", "10.0.0.77")

@pytest.fixture(scope="session")
def ecs_ca_bundle():
    return str(pathlib.Path(botocore.__file__).with_name("cacert.pem"))
"""
SILENT_SECONDS = 1


def files_of(run: Finished) -> set[str]:
    """Return the names of the files that a ``--collect-only -q`` run collected tests from."""
    assert (run.code, run.err) == (0, ""), run.out
    return {Path(line.partition("::")[0]).name for line in run.lines if "::" in line}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"setup.cfg": "[metadata]\nname = mine", "src/mine/__init__.py": "", "test_mine.py": MINE},
        {"pytest.ini": "[pytest]\ntestpaths = tests", "tests/test_mine.py": MINE},
        {"pytest.ini": HIDING, "check_mine.py": "def check_mine(): pass"},
        {"conftest.py": "collect_ignore_glob = ['*', '/*']", "test_mine.py": MINE},
        {"test_private_dns.py": "def test_of_the_same_name(): pass"},
    ],
    ids=["empty", "project", "testpaths", "hiding-ini", "collect-ignore", "same-name"],
)
def test_without_a_path_the_bundled_scenarios_run(
    runs: Runs, snapshot: Path, files: Mapping[str, str]
) -> None:
    """Whatever lies in the folder, switching on without a path runs our scenarios and no others."""
    run = runs(f"--ecs-snapshot={snapshot}", "--collect-only", "-q", files=files)
    assert files_of(run) == BUNDLED
    assert run.lines[-1].startswith(f"{TESTS}/{TESTS + 2} tests collected (2 deselected)")


def test_a_path_runs_that_path(runs: Runs, snapshot: Path) -> None:
    """With a path, that path runs, switched on."""
    files = {"pytest.ini": "[pytest]\ntestpaths = elsewhere", "tests/test_mine.py": MINE}
    run = runs(f"--ecs-snapshot={snapshot}", "tests", files=files)
    assert run.code == 0
    assert run.lines[-1].strip("= ").startswith("1 passed")
    assert "no vantage in private-a" in run.out


@pytest.mark.parametrize("where", ["ini", "environment"])
def test_addopts_are_the_command_line(runs: Runs, snapshot: Path, where: str) -> None:
    """Switched on in addopts or PYTEST_ADDOPTS, the scenarios run, unless a path is given."""
    option = f"--ecs-snapshot={snapshot}"
    ini = f"[pytest]\naddopts = {option}" if where == "ini" else ""
    changes = {"PYTEST_ADDOPTS": option} if where == "environment" else {}
    files = {"pytest.ini": ini or "[pytest]", "test_mine.py": MINE}
    assert files_of(runs("--collect-only", "-q", files=files, **changes)) == BUNDLED
    chosen = runs("--collect-only", "-q", "test_mine.py", files=files, **changes)
    assert files_of(chosen) == {"test_mine.py"}


def test_an_ini_value_switches_on_and_replaces_nothing(runs: Runs, snapshot: Path) -> None:
    """A project that names its VPC in its ini keeps running its own tests, now switched on."""
    files = {"pytest.ini": f"[pytest]\necs_snapshot = {snapshot}", "test_mine.py": MINE}
    run = runs(files=files)
    assert run.code == 0
    assert run.lines[-1].strip("= ").startswith("1 passed")
    assert "ecs-privatelink: target aws (ini); region us-east-1 (snapshot)" in run.out


def test_collect_only_reads_and_sends_nothing(runs: Runs) -> None:
    """With the lab in the ini, ``--collect-only`` shows what would run and judges none."""
    files = {"pytest.ini": "[pytest]\necs_lab = true", "test_mine.py": MINE}
    run = runs("--collect-only", files=files)
    assert run.code == 0
    assert "ecs-privatelink: target lab (ini); region us-east-1 (lab)" in run.out
    assert "  <Function test_mine>" in "\n".join(run.lines)
    assert "nothing was proven" not in run.out
    assert "required cells" not in run.out
    assert not (run.folder / "ecs.json").exists()


def test_a_virtual_environment_below_the_folder_hides_nothing(
    runs: Runs, snapshot: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Installed in a virtual environment inside the project, the scenarios are still collected."""
    package = Path(pytest_ecs_privatelink.__file__).parent
    site = Path("env", "lib", "site-packages")
    plain = runs("--version", files={"env/pyvenv.cfg": "home = /", str(site / "kept.py"): ""})
    installed = plain.folder / site / package.name
    if not installed.exists():
        draft = tmp_path_factory.mktemp("draft") / package.name
        shutil.copytree(package, draft, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        shutil.copytree(_scenarios(package), draft / "scenarios", dirs_exist_ok=True)
        draft.rename(installed)
    result = runs(
        *(f"--ecs-snapshot={snapshot}", "--collect-only", "-q", f"--rootdir={plain.folder}"),
        PYTHONPATH=str(installed.parent),
    )
    assert files_of(result) == BUNDLED
    assert any(str(site / package.name / "scenarios") in line for line in result.lines)


def _scenarios(package: Path) -> Path:
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


@pytest.mark.parametrize("mode", [("-n0",), ("-n2",)], ids=["n0", "n2"])
def test_fixtures_overridden_in_the_root_conftest_take_effect(
    runs: Runs, mode: tuple[str, ...]
) -> None:
    """The scenarios ask other resolvers and trust others, and all cells still start at once."""
    run = runs(
        *("--ecs-lab", f"--ecs-timeout={SILENT_SECONDS}", *mode),
        files={"conftest.py": OVERRIDING},
    )
    assert (run.code, run.err) == (1, "")
    told = {(id.partition("[")[0], *verdict) for id, verdict in run.verdicts.items()}
    assert {each for each in told if each[0] != "audit"} == {
        ("private-dns", "warned", "dns-resolver-differs", "probed"),
        ("tcp-443", "failed", "tls-certificate", "probed"),
        ("ecr-pull", "failed", "ecr-auth", "probed"),
        ("awslogs", "failed", "logs-unreachable", "probed"),
        ("secret", "failed", "secret-unreachable", "probed"),
        ("agent", "failed", "tls-certificate", "probed"),
    }
    assert re.fullmatch(
        rf"=+ 48 failed, {AUDITS} passed(?:, {TASKS} deselected)?, 33 warned in [\d.]+s =+",
        run.lines[-1],
    )
    assert {each["code"]: len(each["explains"]) for each in run.report["causes"]} == {
        "tls-certificate": 48,
        "dns-resolver-differs": 33,
    }
    probed = [each for each in run.report["checks"] if each["claim"] == "private-dns"]
    assert min(each["duration_ms"] for each in probed) >= 1000 * SILENT_SECONDS
    assert run.report["run"]["duration_s"] < len(probed) * SILENT_SECONDS
