"""The program on a host: what it does in time, out of time, and when nobody listens any more."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tls_servers
import trustme
from aws_calls import CREDENTIALS, MARK
from https_servers import aws, in_turn, serving
from instance_metadata import DOCUMENT, ROLES, metadata
from other_pythons import host, pythons, run
from scripted_dns import answer_to, over, scripted_dns

from pytest_ecs_privatelink.probes.call_records import CallStatus, SecretAnswer, SecretQuestion
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsQuestion,
)
from pytest_ecs_privatelink.vantage.batches import Batch
from pytest_ecs_privatelink.vantage.bundle import bundle
from pytest_ecs_privatelink.vantage.pieces import More
from pytest_ecs_privatelink.vantage.program import by_command, by_stdin, read

HERE = {"PATH": os.environ["PATH"]}
NAME = "api.ecr.us-east-1.amazonaws.com"
SECRET = SecretQuestion(
    host="localhost", region="us-east-1", service="secretsmanager", reference="db", key="run-key"
)


def started(batch: Batch) -> subprocess.Popen[bytes]:
    """Start the program with ``batch`` and everything of it read."""
    command, fed = by_stdin(batch)
    running = subprocess.Popen(
        ["sh", "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=HERE,
    )
    assert running.stdin is not None
    running.stdin.write(fed)
    running.stdin.flush()
    return running


@pytest.fixture
def dialled() -> Iterator[tuple[Batch, socket.socket]]:
    """Yield a batch that waits for long for an answer, and who hears of it when it does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        question = ConnectQuestion(
            address="127.0.0.1",
            port=silent.getsockname()[1],
            server_name=NAME,
            timeout=60.0,
        )
        yield Batch(questions=(question,), deadline=90), silent


def test_names_are_dialled_as_soon_as_they_are_resolved(
    authority: trustme.CA, ca_file: str
) -> None:
    """Each address of each answer is dialled once, whichever resolvers told of it."""
    records = (f"{NAME} A 127.0.0.1", f"{NAME} AAAA ::1")
    with (
        tls_servers.server(tls_servers.tls(authority.issue_cert(NAME))) as (port, peers),
        scripted_dns(lambda query, way: [over(way, answer_to(query, *records))]) as one,
        scripted_dns(lambda query, way: [over(way, answer_to(query, records[0]))]) as other,
    ):
        dial = ConnectQuestion(address=NAME, port=port, server_name=NAME, ca_file=ca_file)
        known = replace(dial, address="127.0.0.1")
        names = [DnsQuestion(name=NAME, resolver=each.resolver) for each in (one, other)]
        batch = Batch(
            questions=(*names, known),
            then_dial={NAME: dial, "unasked": dial},
            trust=Path(ca_file).read_text(),
        )

        brought = run(batch, HERE)

    assert peers == ["127.0.0.1"]
    pairs = dict(brought.pairs)
    assert set(pairs) == {*names, known, replace(dial, address="::1")}
    answer = pairs[known]
    assert isinstance(answer, ConnectAnswer)
    assert answer.status is ConnectStatus.OPEN


def test_trust_travels_as_text_and_is_called_as_it_was_asked(
    authority: trustme.CA, ca_file: str
) -> None:
    """A bundle of this machine's counts there; without one that host's own trust does."""
    treat = tls_servers.tls(authority.issue_cert(NAME))
    with tls_servers.server(treat) as (port, _):
        question = ConnectQuestion(
            address="127.0.0.1", port=port, server_name=NAME, ca_file="/only/here.pem"
        )
        found = [
            run(Batch(questions=(question,), trust=trust), HERE).pairs
            for trust in (Path(ca_file).read_text(), None, "no certificates")
        ]

    statuses = [answer.status for ((_, answer),) in found if isinstance(answer, ConnectAnswer)]
    assert statuses == [ConnectStatus.OPEN, ConnectStatus.CERTIFICATE, ConnectStatus.FAILED]
    assert {question for ((question, _),) in found} == {question}
    broken = found[2][0][1]
    assert isinstance(broken, ConnectAnswer)
    assert broken.detail.startswith("the CA bundle /only/here.pem cannot be used: ")


def test_what_is_not_answered_in_time_is_missing(
    dialled: tuple[Batch, socket.socket],
) -> None:
    """The deadline ends the program, whoever it waits for; the others' answers come back."""
    batch, _ = dialled
    quick = DnsQuestion(name="localhost")
    began = time.monotonic()

    brought = run(replace(batch, questions=(*batch.questions, quick), deadline=0.7), HERE)

    assert time.monotonic() - began < 10
    assert [question for question, _ in brought.pairs] == [quick]
    assert brought.missing == ((batch.questions[0], "not answered within 0.7 s"),)


def test_calls_without_credentials_are_missing_with_the_reason() -> None:
    """Where the host has no role, only what is signed is missing, and why is said of each."""
    name = DnsQuestion(name="localhost")
    other = replace(SECRET, reference="other")

    brought = run(Batch(questions=(name, SECRET, other)), HERE)

    why = (
        "no credentials: instance metadata: no answer: Connection refused"
        " (no EC2 instance, or its hop limit is too low to be reached from a container)"
    )
    assert [question for question, _ in brought.pairs] == [name]
    assert brought.missing == ((SECRET, why), (other, why))


def test_calls_are_signed_with_the_hosts_own_role(
    certificate: trustme.LeafCert, ca_file: str
) -> None:
    """Where no credentials came along, the instance's are asked for and sign every call."""
    documents = {ROLES: "agent", f"{ROLES}agent": json.dumps(DOCUMENT)}
    with (
        serving(certificate, in_turn(aws({"SecretString": "hunter2"}))) as server,
        metadata(documents) as endpoint,
    ):
        one = replace(SECRET, port=server.port, ca_file=ca_file)
        batch = Batch(
            questions=(one, replace(one, reference="other")), trust=Path(ca_file).read_text()
        )
        brought = run(batch, HERE, metadata=endpoint)

    assert brought.missing == ()
    assert len(server.requests) == 2
    for request in server.requests:
        assert "Credential=ASIAEXAMPLE/" in request.headers["authorization"]
        assert request.headers["x-amz-security-token"] == DOCUMENT["Token"]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_end_it_at_once(dialled: tuple[Batch, socket.socket], sent: int) -> None:
    """Whoever wants it gone need not wait for its deadline, and it says nothing more."""
    batch, silent = dialled
    with started(batch) as running, silent.accept()[0]:
        running.send_signal(sent)
        output, errors = running.communicate(timeout=10)

    assert running.returncode == -sent
    assert (output, errors) == (b"", b"")


def test_it_ends_with_its_reader(dialled: tuple[Batch, socket.socket]) -> None:
    """A connection that is dropped takes the program with it, long before its deadline."""
    batch, silent = dialled
    with started(batch) as running, silent.accept()[0]:
        assert running.stdout is not None
        running.stdout.close()

        assert running.wait(timeout=10) != 0


def test_a_batch_that_is_cut_off_is_not_begun(dialled: tuple[Batch, socket.socket]) -> None:
    """Half a batch asks nothing: the end of stdin ends the program, with a line."""
    batch, silent = dialled
    command, fed = by_stdin(batch)

    done = subprocess.run(
        ["sh", "-c", command], input=fed[:-60], capture_output=True, env=HERE, check=False
    )

    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.startswith(b"ecs-privatelink: the batch is not whole: the answer is cut off")
    assert not select.select([silent], [], [], 0)[0]


def test_no_python_is_told(tmp_path: Path) -> None:
    """A host without any Python exits as shells do for what is not there, and says what helps."""
    command, fed = by_stdin(Batch(questions=()))
    alone = command.replace("/usr/", "/no/")

    done = subprocess.run(
        ["/bin/sh", "-c", alone],
        input=fed,
        capture_output=True,
        env={"PATH": str(tmp_path)},
        check=False,
    )

    assert (done.returncode, done.stdout) == (127, b"")
    assert done.stderr == b"no python3 on this host: install Python 3.9 or newer\n"


def old_python(folder: Path) -> dict[str, str]:
    """Return the environment of a host whose ``python3`` is of 2018: as far as is asked of it."""
    python = folder / "python3"
    python.write_text('#!/bin/sh\ntest "$1" = -V && echo "Python 3.7.16" || exit 1\n')
    python.chmod(0o755)
    return {"PATH": str(folder)}


def test_an_old_python_is_told(tmp_path: Path) -> None:
    """A Python that is too old is named, before anything is fed to it."""
    command, fed = by_stdin(Batch(questions=()))
    alone = command.replace("/usr/", "/no/")

    done = subprocess.run(
        ["/bin/sh", "-c", alone],
        input=fed,
        capture_output=True,
        env=old_python(tmp_path),
        check=False,
    )

    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr == (b"Python 3.7.16 is too old: install Python 3.9 or newer on this host\n")


@pytest.mark.parametrize(("folder", "starts"), [("bin", 1), ("shims", 2)])
def test_a_python_whose_name_tells_its_version_is_started_once(
    folder: str, starts: int, tmp_path: Path
) -> None:
    """Starting Python is most of what a host spends: not twice, but to try a mere launcher."""
    named, log = tmp_path / folder / "python3.11", tmp_path / "starts"
    named.parent.mkdir()
    named.write_text(f'#!/bin/sh\necho >>{log}\nexec {sys.executable} "$@"\n')
    named.chmod(0o755)
    (named.parent / "python3").symlink_to("python3.11")
    command, fed = by_stdin(Batch(questions=()))

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        input=fed,
        capture_output=True,
        env={"PATH": f"{named.parent}:/usr/bin:/bin"},
        check=True,
    )

    assert read(done.stdout.decode(), Batch(questions=())) is not None
    assert log.read_text() == "\n" * starts


def test_a_host_compiles_only_what_its_questions_need(tmp_path: Path) -> None:
    """Names and connections bring in no calls, no agents, and no HTTP."""
    environ = host(tmp_path, f"{sys.executable} -X importtime")
    command, fed = by_stdin(Batch(questions=(DnsQuestion(name="localhost"),)))

    done = subprocess.run(
        ["/bin/sh", "-c", command], input=fed, capture_output=True, env=environ, check=True
    )

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "pytest_ecs_privatelink.probes.dns" in imported
    assert not imported & {
        "pytest_ecs_privatelink.vantage.calling",
        "pytest_ecs_privatelink.probes.agent",
        "http.client",
        "tempfile",
    }


def test_a_newer_python_beside_an_old_one_is_found(tmp_path: Path) -> None:
    """The host's ``python3`` may be old if it has another one by its own name."""
    environ = old_python(tmp_path)
    (tmp_path / "python3.11").symlink_to(next(iter(pythons().values())))
    command, fed = by_stdin(Batch(questions=()))

    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("/usr/", "/no/")],
        input=fed,
        capture_output=True,
        env=environ,
        check=False,
    )

    assert read(done.stdout.decode(), Batch(questions=())) is not None


def test_the_command_holds_neither_secrets_nor_the_batch(ca_file: str) -> None:
    """What shows in the host's process list is the same for every batch, and short."""
    batch = Batch(questions=(SECRET,), credentials=CREDENTIALS, trust=Path(ca_file).read_text())

    command, _ = by_stdin(batch)

    assert command == by_stdin(Batch(questions=()))[0]
    assert len(command) < 1000
    # One line in one pair of quotes is read alike by sh, csh and fish.
    assert command.count("'") == 2
    assert not set("!\n\\") & set(command)


def test_a_command_takes_no_credentials() -> None:
    """What a channel may show to others is refused secrets, and the run's key is one."""
    with pytest.raises(ValueError, match="credentials do not go into a command") as refused:
        by_command(Batch(questions=(SECRET,), credentials=CREDENTIALS))
    assert MARK not in str(refused.value)

    keyless = Batch(questions=(replace(SECRET, key=""),))
    assert by_command(Batch(questions=(SECRET,))) == by_command(keyless)


def test_a_command_has_a_bound() -> None:
    """Too many questions for a channel are refused with the figures, not cut off by it."""
    many = tuple(DnsQuestion(name=f"{os.urandom(40).hex()}.example") for _ in range(400))

    why = (
        r"400 questions and 3 characters of trust make a command of \d+ characters, above the bound"
    )
    with pytest.raises(ValueError, match=f"{why} of 60000"):
        by_command(Batch(questions=many, trust="PEM"))


def test_a_command_alone_does_it_all(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A channel without stdin brings the same, but no digests, for these want a secret key."""
    with serving(certificate, in_turn(aws({"SecretString": "hunter2"}))) as server:
        question = replace(SECRET, port=server.port, ca_file=ca_file)
        batch = Batch(questions=(question,), trust=Path(ca_file).read_text())
        command = by_command(batch, metadata="http://127.0.0.1:9")
        lent = run(replace(batch, credentials=CREDENTIALS), HERE)

    done = subprocess.run(["sh", "-c", command], capture_output=True, env=HERE, check=False)
    found = read(done.stdout.decode(), batch)

    assert not isinstance(found, More)
    assert [question for question, _ in found.missing] == [question]
    answer = lent.pairs[0][1]
    assert isinstance(answer, SecretAnswer)
    assert (answer.outcome.status, answer.length) == (CallStatus.OK, 7)


def test_what_a_channel_cannot_show_is_fetched_in_pieces() -> None:
    """A long answer comes in as many pieces as it takes, and the host keeps none of it."""
    names = [f"{os.urandom(20).hex()}.invalid" for _ in range(60)]
    batch = Batch(questions=tuple(DnsQuestion(name=name, resolver="127.0.0.1:9") for name in names))
    shown: list[int] = []
    found = read(_output(by_command(batch, most=1500), shown), batch)
    assert isinstance(found, More)
    kept = next(part for part in found.command.split() if part.startswith("/"))
    assert Path(kept).stat().st_mode & 0o777 == 0o600

    while isinstance(found, More):
        found = read(_output(found.command, shown), batch, found)

    assert [question for question, _ in found.pairs] == list(batch.questions)
    assert len(shown) > 2
    assert max(shown) <= 1500
    assert not Path(kept).exists()


def _output(command: str, shown: list[int]) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, env=HERE, check=True)
    shown.append(len(done.stdout))
    return done.stdout.decode()


def test_the_program_is_small() -> None:
    """The program fits well into what SSM and a shell take, with room for a batch."""
    assert len(bundle()) < 53_000


@pytest.mark.parametrize("python", pythons().values(), ids=pythons())
def test_nothing_stays_on_the_host(python: str, tmp_path: Path) -> None:
    """No compiled file, no cache, nothing in the home or the folder that it ran in."""
    environ = host(tmp_path, python) | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    before = sorted(tmp_path.rglob("*"))

    command, fed = by_stdin(Batch(questions=(DnsQuestion(name="localhost"),), trust="x"))
    subprocess.run(
        ["sh", "-c", command], input=fed, env=environ, cwd=tmp_path, check=True, capture_output=True
    )

    assert sorted(tmp_path.rglob("*")) == before
