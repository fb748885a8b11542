"""What the README shows is what happens."""

import re
from pathlib import Path

from lab_runs import Runs

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
OWN_TESTS = (Path(__file__).parents[2] / "docs" / "own-tests.md").read_text(encoding="utf-8")


def shown(first: str, last: str) -> list[str]:
    """Return the README's output from the line that begins with ``first`` to ``last``'s."""
    lines = [line.removeprefix("    ") for line in README.splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith(first))
    end = next(i for i in range(start, len(lines)) if lines[i].startswith(last))
    return lines[start : end + 1]


def test_the_matrix_of_the_main_job(runs: Runs) -> None:
    """``pytest --ecs-lab`` prints the README's matrix and last line, to the letter."""
    matrix = shown("each square", "75 of 75")

    out = runs.with_tasks("--ecs-lab").lines

    start = out.index(matrix[0])
    assert out[start : start + len(matrix)] == matrix


def test_the_broken_world(runs: Runs) -> None:
    """The README's fault turns the README's row red, with its cause and what mends it."""
    row, _, *headline = shown("logs            ✔✘", "private-a only")

    out = runs.with_tasks("--ecs-lab", "--ecs-fault=endpoint-sg-ingress-part").lines

    assert row in out
    (cause,) = (line for line in out if line.startswith("c1 "))
    assert without_ids(cause) == without_ids(" ".join(headline))
    assert cause.endswith("; explains 18 checks")
    assert "Eighteen checks, one cause" in README
    assert out[out.index(cause) + 1].startswith(
        "   mend: aws ec2 authorize-security-group-ingress --region us-"
    )


def test_the_test_of_one_s_own(runs: Runs) -> None:
    """The README's test passes once for each subnet, in a folder that has nothing else."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

    told = runs("--ecs-lab", "test_own_rule.py", files={"test_own_rule.py": code})

    assert (told.code, told.err) == (0, "")
    assert "3 passed" in told.lines[-1]


def test_the_seam(runs: Runs) -> None:
    """The resolvers of a root conftest are those that the bundled scenarios ask."""
    (code,) = re.findall(r"```python\n(.*?)```", OWN_TESTS, re.DOTALL)

    told = runs(
        *("--ecs-lab", "--ecs-claims=private-dns", "--ecs-timeout=0.5"),
        files={"conftest.py": code},
    )

    warned = {code for verdict, code, _ in told.verdicts.values() if verdict == "warned"}
    assert warned == {"dns-resolver-differs"}
    assert "10.0.0.10" in told.report["checks"][0]["observed"]


def without_ids(text: str) -> str:
    """Return ``text`` with AWS's random ids taken out."""
    return re.sub(r"-[0-9a-f]{17}", "-*", text)
