"""The platform's parts that need no network: what it reads of an order, and how lines travel."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.lab.platform.orders import Image, LogTarget, image, read
from pytest_ecs_privatelink.lab.platform.running import batches, pieces

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{ECR}/a/b:v1", (ECR, "a/b", "v1", "123456789012", "eu-west-1")),
        (f"{ECR}/a/b", (ECR, "a/b", "latest", "123456789012", "eu-west-1")),
        (f"{ECR}/a@{DIGEST}", (ECR, "a", DIGEST, "123456789012", "eu-west-1")),
        ("python:3.12", ("registry-1.docker.io", "library/python", "3.12", None, None)),
        ("docker.io/a/b", ("registry-1.docker.io", "a/b", "latest", None, None)),
        ("localhost:5000/a", ("localhost:5000", "a", "latest", None, None)),
    ],
)
def test_references_to_images(name: str, expected: tuple[str | None, ...]) -> None:
    """Registry, repository and tag, as Docker reads them; account and Region of ECR's."""
    assert image(name) == Image(name, *expected)  # type: ignore[arg-type]


def test_an_order_is_read_with_its_overrides() -> None:
    """What RunTask overrides counts, by the container's name; the stream is named as AWS does."""
    options = {"awslogs-group": "/g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}
    container = {
        "name": "app",
        "image": "a/b",
        "entryPoint": ["sh", "-c"],
        "command": ["one"],
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    over = {"name": "app", "command": ["two"], "environment": [{"name": "B", "value": "3"}]}
    order = read(
        {
            "id": "1",
            "launchType": "EC2",
            "region": "eu-west-1",
            "resolver": "10.0.0.2",
            "ca": "/ca.pem",
            "patience": 1.0,
            "logs": 0.0,
            "variables": {},
            "definition": {
                "containerDefinitions": [container, {"name": "other", "image": "c"}],
                "runtimePlatform": {"cpuArchitecture": "ARM64"},
            },
            "overrides": {"containerOverrides": [over]},
        }
    )

    app, other = order.containers
    assert (order.fargate, order.architecture) == (False, "arm64")
    assert (app.command, app.environment) == (("sh", "-c", "two"), {"A": "1", "B": "3"})
    assert app.logs == LogTarget(group="/g", region="eu-west-1", stream="p/app/1")
    assert (other.command, other.logs, other.essential) == ((), None, True)


@given(st.binary(max_size=600), st.integers(1, 50))
def test_lines_are_cut_and_nothing_is_lost(printed: bytes, longest: int) -> None:
    """The pieces of a line are its text in order, none longer than one event may be."""
    for line in io.BytesIO(printed):
        text = line.rstrip(b"\n")
        cut = list(pieces(line, longest))

        assert b"".join(cut) == text
        assert all(len(each) <= longest for each in cut)


@given(st.lists(st.text(max_size=40), max_size=60), st.integers(1, 10), st.integers(70, 400))
def test_batches_keep_to_the_limits(lines: list[str], most: int, most_bytes: int) -> None:
    """All lines with text, in their order, in as many batches as one PutLogEvents allows."""
    events = [(number, text[:11]) for number, text in enumerate(lines)]

    found = list(batches(events, most=most, most_bytes=most_bytes))

    assert [each for batch in found for each in batch] == [each for each in events if each[1]]
    for batch in found:
        assert 0 < len(batch) <= most
        assert sum(len(text.encode()) + 26 for _, text in batch) <= most_bytes
