"""Other ways to a host: the lab's socket, testinfra's other connections, and bounded programs."""

import base64
import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
import testinfra
from instance_hosts import DNS, asked, host, run, trouble, vantage
from testinfra.backend.base import CommandResult

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.records import ConnectQuestion, DnsAnswer
from pytest_ecs_privatelink.vantage.batches import Batch
from pytest_ecs_privatelink.vantage.instance.channel import CommandChannel, StdinChannel
from pytest_ecs_privatelink.vantage.instance.machine import Machine as Socket
from pytest_ecs_privatelink.vantage.instance.machine import open_machine
from pytest_ecs_privatelink.vantage.instance.plain import Plain
from pytest_ecs_privatelink.vantage.instance.process import Patience, Process
from pytest_ecs_privatelink.vantage.instance.troubles import of_program
from pytest_ecs_privatelink.vantage.instance.vantage import Machine

NAME = "machine://i-0000000000000001"


@contextlib.contextmanager
def machine_socket(path: Path, reply: bytes | None = None) -> Iterator[None]:
    """Serve the lab's protocol on ``path`` for one line: run it, or answer ``reply``."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            link, _ = listener.accept()
            with link, link.makefile("rb") as lines:
                line = lines.readline()
                link.sendall(_ran(json.loads(line)) if reply is None else reply)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _ran(request: dict[str, str]) -> bytes:
    ended = subprocess.run(
        ["/bin/sh", "-c", request["command"]],
        input=base64.b64decode(request["stdin"]),
        capture_output=True,
        timeout=float(request["timeout"]),
        check=False,
    )
    answer = {
        "rc": ended.returncode,
        "stdout": base64.b64encode(ended.stdout).decode(),
        "stderr": base64.b64encode(ended.stderr).decode(),
    }
    return json.dumps(answer).encode() + b"\n"


def behind(path: Path) -> Machine:
    """Return the machine behind the socket."""
    spec = f"{NAME}?socket={path}"
    return Machine(host(spec), StdinChannel(open_machine(spec)))


def test_the_lab_s_own_socket_runs_the_program(tmp_path: Path) -> None:
    """A host of the lab needs nothing installed to be asked; its label has no path in it."""
    with machine_socket(tmp_path / "m"):
        place = vantage(behind(tmp_path / "m"))
        (found,) = run(asked(place, DNS))

    assert isinstance(found, DnsAnswer)
    assert place.label == NAME


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"", "the machine's socket said nothing"),
        (b"no JSON\n", "the machine's socket said something that is no answer"),
        (b"[]\n", "the machine's socket said something that is no answer"),
        (b'{"rc": 0}\n', "the machine's socket said something that is no answer"),
        (
            b'{"rc": 124, "stdout": "", "stderr": ""}\n',
            "no answer came back (exit status 124): try it by hand",
        ),
    ],
    ids=["nothing", "no JSON", "a list", "half", "late"],
)
def test_a_socket_that_does_not_answer_is_an_error(
    tmp_path: Path, reply: bytes, expected: str
) -> None:
    """Whatever the socket says but an answer is one line."""
    with machine_socket(tmp_path / "m", reply):
        (found,) = run(asked(vantage(behind(tmp_path / "m")), DNS))

    assert trouble(found) == f"{NAME}: {expected}"


def test_a_socket_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A host that does not run cannot be asked, and another one may be."""
    (found,) = run(asked(vantage(behind(tmp_path / "none")), DNS))

    assert trouble(found) == f"{NAME}: cannot be asked: No such file or directory"


def test_closing_hangs_up_on_a_silent_socket(tmp_path: Path) -> None:
    """A machine that says nothing is not waited for when the run ends."""
    path = str(tmp_path / "m")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        machine = Socket("i-1", path)
        threading.Timer(0.1, machine.end).start()

        with pytest.raises(VantageError) as raised:
            machine.execute("true", b"", 20)

    assert str(raised.value) in (
        "the machine's socket said nothing",
        "the connection broke half-way: the run ended",
    )


def test_closing_hangs_up_on_all_that_is_under_way(tmp_path: Path) -> None:
    """Two rounds may talk to one machine at once: neither is waited for when the run ends."""
    path, told = str(tmp_path / "m"), list[str]()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        machine = Socket("i-1", path)

        def talk() -> None:
            with pytest.raises(VantageError) as raised:
                machine.execute("true", b"", 20)
            told.append(str(raised.value))

        threads = [threading.Thread(target=talk) for _ in range(2)]
        for thread in threads:
            thread.start()
        links = [listener.accept()[0] for _ in threads]
        for link in links:
            link.recv(1)  # it waits for an answer now
        machine.end()
        for thread in threads:
            thread.join(10)
        for link in links:
            link.close()

    assert len(told) == 2
    assert not any(thread.is_alive() for thread in threads)


def test_any_other_connection_of_testinfra_s_runs_the_program() -> None:
    """What has no standard input gets everything by its command."""
    machine = Machine(host("local://"), CommandChannel(Plain("local://")))

    (found,) = run(asked(vantage(machine), DNS))

    assert isinstance(found, DnsAnswer)


def test_what_testinfra_raises_is_one_line() -> None:
    """Each backend raises what its library raises, or that it is not installed."""
    spec = "paramiko://127.0.0.1:1"

    (found,) = run(asked(vantage(Machine(host(spec), CommandChannel(Plain(spec)))), DNS))

    assert trouble(found).startswith(f"{spec}: testinfra could not run the program (")
    assert trouble(found).endswith("): try it by hand")


@dataclass
class Counting:
    """A backend that runs commands here, and notes how long each may take."""

    seconds: list[float] = field(default_factory=list)

    def execute(self, command: str, stdin: bytes, seconds: float) -> CommandResult:
        """Run ``command``."""
        assert not stdin
        self.seconds.append(seconds)
        result: CommandResult = testinfra.get_host("local://").run(command)
        return result

    def end(self) -> None:
        """Do nothing."""


def test_each_of_several_commands_has_all_the_time() -> None:
    """What a first command waited for in vain is not missing to the second one."""
    names = [Random(i).randbytes(140).hex() for i in range(60)]
    questions = tuple(
        ConnectQuestion(address="127.0.0.1", port=1, server_name=name, timeout=2.0)
        for name in names
    )
    backend = Counting()

    brought = CommandChannel(backend).exchange(Batch(questions=questions), 20)

    assert len(brought.pairs) == len(names)
    assert len(backend.seconds) > 1
    assert min(backend.seconds) > 19.9


GREETED = Patience(greeting=b"here", first=5.0, whole=5.0)


def test_a_program_that_never_stops_talking_is_ended() -> None:
    """Nobody's output fills the memory."""
    ended = Process(("/bin/sh", "-c", "echo here; exec cat /dev/zero")).converse(b"", GREETED)

    assert ended.killed == "it printed more than 32 MiB"
    assert ended.rc == -9


def test_a_program_that_reads_nothing_is_heard_all_the_same() -> None:
    """What is not read is no trouble of whoever feeds it."""
    ended = Process(("/bin/sh", "-c", "exec <&-; echo here; exit 3")).converse(
        b"x" * (1 << 20), GREETED
    )

    assert (ended.rc, ended.stdout, ended.greeted, ended.killed) == (3, b"here\n", True, "")


def test_much_is_fed_while_much_is_heard() -> None:
    """Neither side waits for the other."""
    much = b"here" + bytes(3 << 20)

    ended = Process(("cat",)).converse(much, GREETED)

    assert ended.stdout == much


def test_the_program_says_itself_what_python_it_lacks() -> None:
    """Its own words are passed on; another 127 is a shell's."""
    lacking = of_program(127, "", "no python3 on this host: install Python 3.9 or newer\n", "none")
    shell = of_program(127, "", "sh: exec: python: not found\n", "none")

    assert str(lacking) == "no python3 on this host: install Python 3.9 or newer"
    assert str(shell) == (
        "no shell that runs programs (sh: exec: python: not found): the probes need sh and Python "
        "3.9 or newer there, and nothing else"
    )


def test_what_is_over_is_not_killed_any_more() -> None:
    """The number of a process that has ended may be somebody else's when the run ends."""
    killed: list[int] = []
    sys.addaudithook(lambda event, values: _note(killed, event, values))
    process = Process(("/bin/sh", "-c", "true"))
    process.converse(b"", Patience(greeting=b"", first=10, whole=10))
    killed.clear()

    process.stop()

    assert killed == []


def _note(killed: list[int], event: str, values: tuple[object, ...]) -> None:
    """Hear of a signal to a process group; an audit hook stays, so this does little."""
    if event == "os.killpg" and isinstance(values[0], int):
        killed.append(values[0])


def test_a_python_that_is_broken_there_is_said_and_how_to_see_it() -> None:
    """A library that is lacking is no matter of what a shell prints at login."""
    stderr = "Traceback (most recent call last):\n  ...\nImportError: libssl.so.3: no such file\n"

    assert str(of_program(1, "", stderr, "no answer came back")) == (
        "no answer came back, for its Python failed (ImportError: libssl.so.3: no such file): see "
        "that python3 -c 'import asyncio, json, ssl, zlib' works there"
    )
