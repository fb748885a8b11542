"""The documents say what the code does: commands, options, codes, faults, fields, examples."""

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.lab.faults import FAULTS
from pytest_ecs_privatelink.plugin import fixtures
from pytest_ecs_privatelink.plugin.markers import MARKERS
from pytest_ecs_privatelink.plugin.options import OPTIONS
from pytest_ecs_privatelink.verdict import Claim, Code, Verdict

CHECKOUT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(CHECKOUT)
    for path in (*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md"))
)
SETUP = "python3 -m venv .venv && .venv/bin/pip install -q tox && .venv/bin/tox run"

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=str)


def text_of(name: str | Path) -> str:
    """Return a document's text."""
    return (CHECKOUT / name).read_text(encoding="utf-8")


def table_of(name: str, heading: str) -> dict[str, tuple[str, ...]]:
    """Return the rows of the table whose first column is ``heading``, by that column."""
    lines = text_of(name).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, *others = (cell.strip() for cell in line.strip("|").split(" | "))
        rows[first.strip("` |")] = tuple(others)
    return rows


def test_readme_is_short() -> None:
    """Nobody reads more than 150 lines."""
    assert len(text_of("README.md").splitlines()) <= 150


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_test_command_is_what_ci_runs(document: str) -> None:
    """The last line of ``.ci/run`` stands word for word under "Development"."""
    assert text_of(".ci/run").splitlines()[-1] == SETUP
    assert f"    {SETUP}\n" in text_of(document)


def test_readme_shows_how_to_run_the_lab() -> None:
    """The main job is one command, too, and tox has its environment."""
    assert f"    {SETUP} -e lab\n" in text_of("README.md")
    assert "[testenv:lab]" in text_of("tox.ini")


def test_readme_s_test_of_one_s_own_is_the_example() -> None:
    """What the README shows is a test that is collected and run."""
    example = text_of("tests/examples/test_own_rule.py")

    assert f"```python\n{example[example.index('def ') :]}```" in text_of("README.md")


@every_document
def test_examples_are_python(document: Path) -> None:
    """What is shown as Python or JSON can be parsed."""
    for language, code in re.findall(r"```(\w+)\n(.*?)```", text_of(document), re.DOTALL):
        if language == "json":
            json.loads(code)
        else:
            ast.parse(code)


@every_document
def test_no_option_is_invented(document: Path) -> None:
    """Every ``--ecs-*`` and every option's ini name in a document exists."""
    flags = {option.flag for option in OPTIONS}

    assert set(re.findall(r"--ecs-[a-z-]+", text_of(document))) <= flags


def test_every_option_is_documented() -> None:
    """``docs/options.md`` has a row for each, with its metavar and its ini type."""
    rows = table_of("docs/options.md", "option")

    assert {name: row[0] for name, row in rows.items()} == {
        f"{option.flag} {option.metavar}" if option.metavar else option.flag: option.ini or "none"
        for option in OPTIONS
    }


def test_every_code_is_documented() -> None:
    """``docs/codes.md`` has a row for each, with a meaning and the page that failures point to."""
    rows = table_of("docs/codes.md", "code")

    assert list(rows) == list(Code)
    assert all(len(row[1]) > 20 for row in rows.values())
    assert {code: row[2].rstrip(" |") for code, row in rows.items()} == {
        str(code): f"[AWS]({PAGES[code]})" for code in Code
    }


def test_every_verdict_and_claim_is_documented() -> None:
    """``docs/codes.md`` explains verdicts, ``docs/options.md`` lists the claims."""
    assert set(table_of("docs/codes.md", "verdict")) == set(Verdict)
    assert all(f"`{claim}`" in text_of("docs/options.md") for claim in Claim)


def test_every_fault_is_documented() -> None:
    """``docs/lab.md`` lists what ``--ecs-fault list`` does; other tests hold each to its word."""
    rows = table_of("docs/lab.md", "fault")

    assert {name: row[0].rstrip(" |") for name, row in rows.items()} == {
        fault.name: fault.summary for fault in FAULTS.values()
    }


@every_document
def test_no_fault_is_invented(document: Path) -> None:
    """Commands with ``--ecs-fault`` name one that exists."""
    named = re.findall(r"--ecs-fault[ =]([a-z][a-z0-9-]+)", text_of(document))

    assert set(named) <= {*FAULTS, "list"}


def test_every_fixture_is_documented() -> None:
    """``docs/own-tests.md`` has a row for each fixture, with its scope."""
    rows = table_of("docs/own-tests.md", "fixture")
    tree = ast.parse(Path(fixtures.__file__).read_text(encoding="utf-8"))
    decorated = {
        node.name: "session" if "session" in ast.unparse(node.decorator_list[0]) else "function"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }

    assert {name: row[0].split(",")[0] for name, row in rows.items()} == decorated


def test_every_marker_is_documented() -> None:
    """``docs/own-tests.md`` has a row for each marker, with its signature."""
    rows = table_of("docs/own-tests.md", "marker")

    assert set(rows) == {marker.line.partition(":")[0] for marker in MARKERS}


def test_every_field_of_the_report_is_documented() -> None:
    """``docs/report.md`` names each field of the report's schema in the row of its part."""
    rows = table_of("docs/report.md", "field")
    properties = json.loads(text_of("docs/report-schema-1.json"))["properties"]

    assert list(rows) == list(properties)
    for part, schema in properties.items():
        undocumented = [each for each in fields_of(schema) if f"`{each}`" not in rows[part][0]]
        assert not undocumented, part


def fields_of(schema: dict[str, Any]) -> list[str]:
    """Return the names of an object's fields, or of those of an array's items."""
    names: dict[str, Any] = (schema.get("items") or schema).get("properties", {})
    return list(names)


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    """A relative link names a file of the checkout."""
    links = re.findall(r"\]\(([^)#:]+)\)", text_of(document))

    missing = [each for each in links if not (CHECKOUT / document.parent / each).is_file()]
    assert not missing


@every_document
def test_documents_name_what_exists(document: Path) -> None:
    """A module, test or folder that a document names in backticks is there."""
    named = re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", text_of(document))
    roots = (CHECKOUT, CHECKOUT / "pytest_ecs_privatelink")

    missing = [each for each in named if not any((root / each).exists() for root in roots)]
    assert not missing


@every_document
def test_documents_belong_to_no_machine(document: Path) -> None:
    """No document names a folder of somebody's machine, or the host of a package registry."""
    foreign = r"(?<![\w.])/(?:home|root|work|tmp|Users)/|pypi\.org|pythonhosted|index-url"

    assert re.findall(foreign, text_of(document)) == []


@every_document
def test_documents_are_plain(document: Path) -> None:
    """No emoji; the matrix's own glyphs and line drawing are the only symbols."""
    symbols = {each for each in text_of(document) if ord(each) > 0x2190}

    assert symbols <= set("✔✘─│├└")


def test_the_lowest_environment_pins_the_floors() -> None:
    """Each floor of ``pyproject.toml`` is what ``tox -e lowest`` installs, and nothing else is."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["lab"], *extras["ec2"]]
    floors = dict(each.split(",")[0].split(">=") for each in declared)
    lowest = text_of("tox.ini").partition("[testenv:lowest]")[2].partition("\n[")[0]
    pinned = dict(re.findall(r"([\w-]+)==([\d.]+)", lowest))

    assert pinned == floors


def test_every_environment_is_explained() -> None:
    """``CONTRIBUTING.md`` has a row for each environment of ``tox.ini``."""
    rows = table_of("CONTRIBUTING.md", "environment")
    listed = re.findall(r"^env_list = (.*)$", text_of("tox.ini"), re.MULTILINE)[0].split(", ")

    assert sorted(re.findall(r"[\w-]+", " ".join(rows))) == sorted([*listed, "lab", "referee"])
