"""No value, token, signature or credential is left anywhere a run writes, or shown while it runs.

What is looked for are shapes, not words planted by a test: they hold for any run and any AWS.
"""

import base64
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lab_runs import WITHOUT_TASKS, environment

from pytest_ecs_privatelink.lab.cloud_session import session_at
from pytest_ecs_privatelink.lab.faults import FAULTS
from pytest_ecs_privatelink.lab.faults import chain as chain_faults
from pytest_ecs_privatelink.lab.presigned import SigningKey, presign
from pytest_ecs_privatelink.lab.tokens import Tokens
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.signing import signer

USERS_KEY, USERS_TOKEN = "users-secret-access-key", "users-session-token"
SECRETS = {
    "a value of the lab's world": r"nothing secret",
    "a registry's token": r"QVdTO[A-Za-z0-9+/=]{24}",
    "a registry's password": r"\b\d{10}\.[0-9a-f]{64}\b",
    "a presigned query": r"X-Amz-(?:Signature|Credential|Security-Token|Expires)=",
    "a presigned query, quoted": r"X-Amz-(?:Signature|Credential|Security-Token|Expires)%3D",
    "a signed request": r"AWS4-HMAC-SHA256 Credential=",
    "basic authorization": r"\bBasic [A-Za-z0-9+/=]{16}",
    "the user's own credentials": f"{USERS_KEY}|{USERS_TOKEN}",
    "the credentials of the lab": r"labs-secret-key",
}
_SHAPES = re.compile("|".join(SECRETS.values()).encode(), re.IGNORECASE)
_LOUD = (
    *("-vv", "--tb=long", "-l", "-rA", "--junitxml=junit.xml", "--ecs-json=ecs.json"),
    # Under tox, pytest's cache would be elsewhere.
    *("-o", "cache_dir=.pytest_cache"),
    *("--ecs-timeout=2", "--log-level=DEBUG", "--log-file=debug.log", "-o", "junit_logging=all"),
)
OTHERS = ("endpoint-policy-denies", "s3-gateway-policy", "tls-certificate")
BROKEN = (*(each.name for each in chain_faults.FAULTS), *OTHERS)
DEADLY = ("s3-gateway-policy", "secret-denied")
"""Faults in whose runs tasks die, too, of a presigned address and of a secret: tasks are dear."""


@dataclass(slots=True)
class Leaks:
    """Where a shape was found: place and excerpt."""

    found: set[tuple[str, str]] = field(default_factory=set)
    looked: set[str] = field(default_factory=set)

    def look(self, place: str, content: bytes) -> None:
        """Look through ``content`` of ``place``."""
        self.looked.add(place)
        for each in _SHAPES.finditer(content):
            excerpt = content[max(0, each.start() - 40) : each.end() + 40]
            self.found.add((place, excerpt.decode(errors="replace")))

    def look_below(self, folder: Path) -> None:
        """Look through every file below ``folder``, hidden ones and names included."""
        # Unlike rglob, os.walk passes over folders that go while they are looked at.
        below = (
            Path(parent, name)
            for parent, folders, files in os.walk(folder)
            for name in (*folders, *files)
        )
        for path in below:
            place = f"{folder.name}/{path.relative_to(folder)}"
            self.look(f"name of {place}", str(path.relative_to(folder)).encode())
            # Sockets are no files, and files may go while they are looked at.
            with contextlib.suppress(OSError):
                if path.is_file():
                    self.look(place, path.read_bytes())

    def look_at_processes(self, mark: str) -> None:
        """Look through the command line of each process that has ``mark`` in its environment.

        Others' processes are others' business: tests of theirs show what we look for.
        """
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark.encode() in (path / "environ").read_bytes():
                    self.look("process list", (path / "cmdline").read_bytes())


@contextlib.contextmanager
def watched(leaks: Leaks, mark: str, *folders: Path) -> Iterator[None]:
    """Look at processes and folders again and again until the block ends."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            leaks.look_at_processes(mark)
            for folder in folders:
                leaks.look_below(folder)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Make a folder whose name is short enough for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="ecs-", dir="/tmp") as name:
        yield Path(name)


def run_looking(folder: Path, temporary: Path, *arguments: str) -> tuple[int, str, Leaks]:
    """Run pytest as loudly as it goes; return its exit code, its output and what leaked."""
    leaks = Leaks()
    folder.mkdir(exist_ok=True)
    mark = uuid.uuid4().hex
    with watched(leaks, mark, temporary):
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", "-W", "error", *_LOUD, *arguments],
            cwd=folder,
            env=environment(
                TMPDIR=str(temporary),
                ECS_ACCEPTANCE=mark,
                AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
                AWS_SECRET_ACCESS_KEY=USERS_KEY,
                AWS_SESSION_TOKEN=USERS_TOKEN,
            ),
            capture_output=True,
            timeout=120,
            check=False,
        )
    leaks.look("stdout", ended.stdout)
    leaks.look("stderr", ended.stderr)
    leaks.look_below(folder)
    leaks.look_below(temporary)
    return ended.returncode, ended.stdout.decode(), leaks


def looked_everywhere(leaks: Leaks, folder: Path) -> bool:
    """Return whether there was something to look at in each place that a run writes to."""
    written = {f"{folder.name}/{name}" for name in ("junit.xml", "ecs.json", "debug.log")}
    cached = any(place.startswith(f"{folder.name}/.pytest_cache/") for place in leaks.looked)
    lab = any(place.startswith("name of ecs-") for place in leaks.looked)
    return cached and lab and leaks.looked >= {*written, "stdout", "process list"}


@pytest.mark.parametrize("mode", ["-n0", "-n2"])
def test_a_green_run_leaves_no_secret(tmp_path: Path, temporary: Path, mode: str) -> None:
    """Everything was pulled, written and fetched, and nothing of it is to be found anywhere."""
    folder = tmp_path / "run"
    code, out, leaks = run_looking(folder, temporary, "--ecs-lab", mode)

    assert code == 0, out
    assert all(out.count(f"test_{each}.py") for each in ("ecr_pull", "awslogs", "secret"))
    assert looked_everywhere(leaks, folder)
    assert leaks.found == set()


@pytest.mark.parametrize("fault", BROKEN)
def test_a_red_run_leaves_no_secret(tmp_path: Path, temporary: Path, fault: str) -> None:
    """Whatever breaks in the chain, at whichever link, with locals and logs shown."""
    folder = tmp_path / "run"
    claims = () if fault in DEADLY else ("--ecs-claims", ",".join(WITHOUT_TASKS))
    code, out, leaks = run_looking(folder, temporary, "--ecs-lab", f"--ecs-fault={fault}", *claims)

    assert code == (0 if fault == "ecr-layer-path" else 1), out
    assert looked_everywhere(leaks, folder)
    assert leaks.found == set()


def test_the_faults_are_known() -> None:
    """Every fault of the chain, and those of others' rooms, are what the lab offers."""
    assert set(BROKEN) <= set(FAULTS)


def signed_request() -> Iterable[str]:
    """Return the headers of a request as it is signed."""
    sign = signer(Credentials(access_key="AKIA", secret_key="s"), "us-east-1")
    return sign("logs", "logs.us-east-1.amazonaws.com", {}, b"{}").values()


@pytest.mark.parametrize("shape", SECRETS)
def test_the_shapes_are_those_of_real_secrets(shape: str, temporary: Path) -> None:
    """What the lab hands out would be found, in a file of any depth: the search is no formality."""
    now = datetime.now(UTC)
    token, _ = Tokens().issue(now)
    host = "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com"
    url = presign(
        SigningKey(access_key="AKIA", secret_key="s"),
        "us-east-1",
        host,
        "/a",
        now=now,
        seconds=60,
    )
    examples = {
        "a value of the lab's world": "TOKEN=nothing secret either",
        "a registry's token": f"token = {token!r}",
        "a registry's password": f"password {_password(token)}",
        "a presigned query": f"GET {url}",
        "a presigned query, quoted": url.replace("=", "%3D"),
        "a signed request": " ".join(signed_request()),
        "basic authorization": f"authorization: Basic {token}",
        "the user's own credentials": f"aws_session_token={USERS_TOKEN}",
        "the credentials of the lab": _secret_key_of_the_lab(),
    }
    (temporary / "a" / ".b").mkdir(parents=True)
    (temporary / "a" / ".b" / "c").write_text(examples[shape])

    leaks = Leaks()
    leaks.look_below(temporary)

    assert [place.rpartition("/")[2] for place, _ in leaks.found] == ["c"] * len(leaks.found)
    assert leaks.found
    assert re.search(SECRETS[shape], examples[shape])


def _secret_key_of_the_lab() -> str:
    credentials = session_at("http://127.0.0.1:1", "us-east-1").get_credentials()
    assert credentials is not None
    return str(credentials.secret_key)


def _password(token: str) -> str:
    return base64.b64decode(token).decode().partition(":")[2]


def test_the_process_list_is_seen() -> None:
    """A secret on a command line would be found."""
    leaks, mark = Leaks(), uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-c", "input()", USERS_KEY],
        stdin=subprocess.PIPE,
        env=environment(ECS_ACCEPTANCE=mark),
    ) as process:
        leaks.look_at_processes(mark)
        process.communicate(b"\n", timeout=30)

    assert {place for place, _ in leaks.found} == {"process list"}
