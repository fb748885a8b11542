"""What a registry's exchanges know, token and presigned URLs, shows in no traceback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from https_servers import Step, answer, close, silence
from scripted_registry import QUERY, REGISTRY, STORE, registry_error, s3_error
from staged_pull import REPOSITORY, TOKEN, Stage, staged
from tracebacks import told

from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.registry import Registry
from pytest_ecs_privatelink.probes.wire import Wire


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Serve an image of three layers."""
    with staged(tmp_path) as stage:
        yield stage


def redirect(location: str) -> Step:
    """Return a redirect."""
    return answer(307, headers={"Location": location})


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (STORE, s3_error(403, "SignatureDoesNotMatch", "The request signature we calculated")),
        (STORE, redirect(f"/layer?{QUERY}")),
        (STORE, close),
        (STORE, silence),
        (REGISTRY, registry_error(403, "DENIED", "no")),
        (REGISTRY, redirect(f"https://{STORE}:1/layer?{QUERY}")),
        (REGISTRY, redirect(f"http://{STORE}/layer?{QUERY}")),
        (REGISTRY, redirect(f"https://{STORE}:99999/layer?{QUERY}")),
        (REGISTRY, redirect(f"https://{STORE}:1/la yer?{QUERY}")),
    ],
)
def test_no_traceback_shows_token_or_presigned_query(stage: Stage, host: str, said: Step) -> None:
    """However a layer's way breaks, frames with all their locals tell neither."""
    digest = stage.layers[0]
    path = f"/layers/{digest}" if host == STORE else f"{REPOSITORY}/blobs/{digest}"
    stage.script.say(host, path, said)
    question = stage.question

    with Wire(ca_file=question.ca_file, timeout=0.5, port=question.port) as wire:
        registry = Registry(wire, REGISTRY, f"Basic {TOKEN}")
        with pytest.raises(WireError) as raised:
            registry.get(f"{REPOSITORY}/blobs/{digest}", "ecr:GetDownloadUrlForLayer")

    shown = told(raised.value) + repr(registry) + repr(raised.value.outcome) + str(raised.value)
    assert "registry.py" in shown
    assert [each for each in (TOKEN, "X-Amz", "0badcafe") if each in shown] == []
