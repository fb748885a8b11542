"""A scripted registry that holds an image of three layers, and the question for it."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme
from https_servers import Step, aws
from made_images import Images, noise
from scripted_registry import REGISTRY, STORE, Script, scripted

from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Credentials,
    Link,
    Outcome,
    PullAnswer,
    PullQuestion,
)
from pytest_ecs_privatelink.probes.ecr import pull
from pytest_ecs_privatelink.probes.signing import signer
from pytest_ecs_privatelink.probes.wire import Wire

TOKEN = "QVdTOnRlbGwtbm8tb25l"
LAYERS = (noise(100_000, 1), noise(3_000_000, 2), noise(0, 3))
REPOSITORY = "/v2/team/app"
TAGGED = f"{REPOSITORY}/manifests/1"
_SIGN = signer(Credentials(access_key="AKIA", secret_key="tell-no-one"), "us-east-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """``images`` are held as ``team/app``; ``digest`` is that of ``:1``, ``layers`` are its."""

    script: Script
    question: PullQuestion
    images: Images
    digest: str
    layers: tuple[str, ...]

    def say_of_layer(self, *steps: Step) -> None:
        """Let the store answer so for the first layer."""
        self.script.say(STORE, f"/layers/{self.layers[0]}", *steps)

    def breaks(self, link: Link, status: CallStatus, detail: str, **more: object) -> Outcome:
        """Pull, expect that it ends so (``PORT`` in ``detail`` is the server's); return how.

        ``more`` are what other fields of the outcome are expected to be.
        """
        outcome = ask(self.question).outcome
        said = detail.replace("PORT", str(self.question.port))
        assert (outcome.link, outcome.status, outcome.detail) == (link, status, said)
        assert {name: getattr(outcome, name) for name in more} == more
        return outcome


def ask(question: PullQuestion) -> PullAnswer:
    """Pull over a wire of its own."""
    with Wire(ca_file=question.ca_file, timeout=question.timeout, port=question.port) as wire:
        return pull(question, wire, _SIGN)


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Serve ``team/app:1`` from a registry that gives out ``TOKEN``."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    images = Images()
    digest = images.image(LAYERS)["digest"]
    manifest = json.loads(images.blobs[digest])
    with scripted(authority) as script:
        script.say(REGISTRY, "/", aws({"authorizationData": [{"authorizationToken": TOKEN}]}))
        script.hold(images, {"1": digest})
        question = PullQuestion(
            image=f"{REGISTRY}/team/app:1",
            api=REGISTRY,
            region="us-east-1",
            port=script.server.port,
            ca_file=str(folder / "ca.pem"),
            timeout=2.0,
        )
        layers = tuple(layer["digest"] for layer in manifest["layers"])
        yield Stage(script=script, question=question, images=images, digest=digest, layers=layers)
