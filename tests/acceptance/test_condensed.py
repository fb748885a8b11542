"""Many red cells of one break do not drown its cause."""

from xml.etree import ElementTree

import pytest
from lab_runs import Runs

MISSING = ("--ecs-lab", "--ecs-fault", "endpoint-missing")
RED = [
    f"{test}[private-{each}-logs]"
    for test in ("test_private_dns", "test_awslogs")
    for each in "abc"
]


def test_a_break_is_told_whole_once(runs: Runs) -> None:
    """Of six red cells the first names the finding; each keeps its observation and its line."""
    told = runs(*MISSING)

    assert told.out.count("\n  because: endpoint-missing logs: ") == 1
    assert told.out.count("\ndns-public-answer: logs.us-east-1.amazonaws.com is ") == 3
    assert told.out.count("\nlogs-unreachable: log group /ecs/lab: ") == 3
    assert all(f"::{test} - Failed: " in told.out for test in RED)
    # Once with the audit's own failure, once in the causes.
    assert told.out.count(" mend: aws ec2 create-vpc-endpoint ") == 2


@pytest.mark.parametrize("verbosity", ["-v", "-q"])
def test_a_ci_quotes_no_paragraph_twice(runs: Runs, verbosity: str) -> None:
    """There pytest quotes failures uncut in its short summary: one line each is enough."""
    told = runs(*MISSING, verbosity, CI="true")

    summary = told.out.partition("short test summary info")[2].partition("ecs-privatelink ===")[0]
    quoted = [line for line in summary.splitlines() if line.startswith("FAILED ")]
    assert len(quoted) == 1 + len(RED)
    assert "because:" not in summary
    assert "mend:" not in summary.partition("each square")[0].partition("c1 ")[0]


def test_a_verbose_run_tells_each_cell_whole(runs: Runs) -> None:
    """With -v nothing is cut."""
    told = runs(*MISSING, "-v")

    assert told.out.count("\n  because: endpoint-missing logs: ") == len(RED)


def test_junit_has_every_paragraph(runs: Runs) -> None:
    """What is cut on the terminal is whole in the file that a CI keeps."""
    told = runs(*MISSING, "--junit-xml=junit.xml")

    failures = ElementTree.parse(told.folder / "junit.xml").iter("failure")
    paragraphs = [each.text or "" for each in failures]
    assert sum("  because: endpoint-missing logs: " in each for each in paragraphs) == len(RED)
