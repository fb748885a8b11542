"""The JSON report: its schema, and that a file is whole or absent."""

import json
import os
import re
import stat
from pathlib import Path

import example_runs as runs
import pytest
from report_schema import SCHEMA, violations

from pytest_ecs_privatelink import __version__
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.reporting.json_report import check_writable, render, write
from pytest_ecs_privatelink.reporting.run import Run, RunFacts, RunStatus

NOT_STARTED = Run(
    facts=RunFacts(
        id="r2",
        started="2026-11-23T02:00:00Z",
        duration_s=0.1,
        status=RunStatus.NOT_STARTED,
        error="vpc-1 does not exist in eu-west-1",
        exit_code=4,
        target="aws",
        vpc="vpc-1",
        region=None,
        partition=None,
    )
)


@pytest.mark.parametrize(
    "run",
    [runs.GREEN, runs.DEAD_ENDPOINT, runs.DEAD_SUBNET, runs.UNNAMED_ENDPOINT, NOT_STARTED],
    ids=["green", "dead-endpoint", "dead-subnet", "unnamed", "not-started"],
)
def test_reports_follow_the_schema(run: Run) -> None:
    """Every field is there, of its kind, and no other is."""
    assert violations(json.loads(json.dumps(render(run))), SCHEMA) == []


def test_the_schema_check_can_fail() -> None:
    """A report with a wrong, a missing and an unknown field breaks the schema three times."""
    report = render(runs.GREEN)
    report["run"]["status"] = "fine"
    del report["checks"][0]["nodeid"]
    report["extra"] = 1
    assert violations(json.loads(json.dumps(report)), SCHEMA) == [
        "$.run.status: 'fine' is none of ['finished', 'interrupted', 'not-started']",
        "$.checks[0]: no nodeid",
        "$: unknown extra",
    ]


def test_a_red_check_points_to_its_cause_and_back() -> None:
    """Checks and causes refer to each other, and the tool names itself."""
    report = render(runs.UNNAMED_ENDPOINT)
    assert report["tool"] == {"name": "pytest-ecs-privatelink", "version": __version__}
    caused = {check["id"] for check in report["checks"] if check["cause"] == "c1"}
    assert caused == set(report["causes"][0]["explains"])
    assert len(caused) == 6
    first = report["checks"][0]
    assert first["nodeid"] == "test_private-dns.py::private-dns[private-1-ecr.api]"
    assert first["launch_types"] == ["fargate"]


def test_a_written_report_is_read_back(tmp_path: Path) -> None:
    """The file holds the report with the umask's permissions, and no draft stays beside it."""
    target = tmp_path / "new" / "ecs.json"
    check_writable(target)
    assert not target.parent.exists()
    umask = os.umask(0o022)
    try:
        write(target, render(runs.GREEN))
    finally:
        os.umask(umask)
    assert json.loads(target.read_text(encoding="utf-8")) == json.loads(
        json.dumps(render(runs.GREEN))
    )
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert [each.name for each in target.parent.iterdir()] == ["ecs.json"]


def test_an_old_report_is_replaced_behind_its_link(tmp_path: Path) -> None:
    """A link stays a link, and what it points to is the new report."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old", encoding="utf-8")
    link.symlink_to(real)
    write(link, {"schema": 1})
    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8")) == {"schema": 1}


def test_undecodable_names_stay_valid_json(tmp_path: Path) -> None:
    """A node id from a file name that is no UTF-8 does not cost the report."""
    write(tmp_path / "r.json", {"nodeid": "test_\udce9.py", "name": "größe"})
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"nodeid": "test_\udce9.py", "name": "größe"}
    assert "größe" in text


def test_what_cannot_be_rendered_leaves_the_old_report(tmp_path: Path) -> None:
    """A report that fails to serialise touches nothing."""
    target = tmp_path / "r.json"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(target, {"duration_s": float("nan")})
    assert [each.name for each in tmp_path.iterdir()] == ["r.json"]
    assert target.read_text(encoding="utf-8") == "old"


def test_a_folder_is_refused_early(tmp_path: Path) -> None:
    """The user hears before the run that the file cannot be a folder."""
    told = f"--ecs-json: cannot write {tmp_path}: it is a folder"
    with pytest.raises(SettingsError, match=f"^{re.escape(told)}$"):
        check_writable(tmp_path)


def test_a_file_in_the_way_is_refused_early_and_late(tmp_path: Path) -> None:
    """A parent that is a file is one line from the check and from the write."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    target = tmp_path / "file" / "ecs.json"
    told = f"--ecs-json: cannot write {target}: {tmp_path / 'file'} is no folder"
    with pytest.raises(SettingsError, match=f"^{re.escape(told)}$"):
        check_writable(target)
    with pytest.raises(
        SettingsError, match=f"^--ecs-json: cannot write {re.escape(str(target))}: "
    ):
        write(target, {})


def test_a_device_is_refused(tmp_path: Path) -> None:
    """A pipe cannot be replaced atomically."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match=r"it is no regular file$"):
        check_writable(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_closed_folder_is_refused(tmp_path: Path) -> None:
    """A folder without write permission is named."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(SettingsError, match=f"folder {re.escape(str(closed))} is not writable$"):
        check_writable(closed / "ecs.json")
