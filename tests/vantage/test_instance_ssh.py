"""Container instances behind a real SSH server, honest and otherwise."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_hosts import DIAL, DNS, GROUPS, NAME, asked, by_ssh, run, trouble, until, vantage
from ssh_servers import HONEST, SshServer, ssh_server

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsStatus,
)
from pytest_ecs_privatelink.vantage.batches import Batch
from pytest_ecs_privatelink.vantage.instance.channel import StdinChannel
from pytest_ecs_privatelink.vantage.instance.ssh import open_ssh
from pytest_ecs_privatelink.vantage.instance.troubles import NotAskedError, of_ssh
from pytest_ecs_privatelink.vantage.instance.vantage import InstanceVantage
from pytest_ecs_privatelink.vantage.parcels import pack
from pytest_ecs_privatelink.vantage.returns import Returned

HERE = "echo 'pytest-ecs-privatelink: here'"
RUN = 'sh -c "$SSH_ORIGINAL_COMMAND"'
SECRET = "a-secret-that-nobody-may-see"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """Run an honest server."""
    with ssh_server(tmp_path_factory.mktemp("good")) as server:
        yield server


@pytest.fixture(scope="module")
def _bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("bad")) as server:
        yield server


@pytest.fixture
def bad(_bad: SshServer) -> Iterator[SshServer]:
    """Run a server that a test teaches bad manners."""
    yield _bad
    _bad.behave(HONEST)


def test_everything_takes_one_connection(good: SshServer) -> None:
    """Names, connections, and what is dialled after names are one round trip, and true."""
    before = good.connections
    place = vantage(by_ssh(good.spec()))
    open_port = ConnectQuestion(address="127.0.0.1", port=good.port, timeout=2.0)
    foreseen = ConnectQuestion(address="127.0.0.1", server_name=NAME, timeout=2.0)

    async def work() -> tuple[object, object, object]:
        name, port = await asyncio.gather(place.ask(DNS), place.ask(open_port))
        dialled = await place.ask(foreseen)
        await place.close()
        return name, port, dialled

    name, port, dialled = run(work())

    assert isinstance(name, DnsAnswer)
    assert (name.status, name.addresses[0]) == (DnsStatus.ANSWERED, "127.0.0.1")
    assert isinstance(port, ConnectAnswer)
    assert port.status is ConnectStatus.OPEN
    assert isinstance(dialled, ConnectAnswer)
    assert dialled.status is ConnectStatus.REFUSED
    assert good.connections - before == 1


def parcel_of(value: object) -> str:
    """Return a script that greets and prints a whole parcel of ``value``."""
    return f"{HERE}; cat >/dev/null; cat <<'PARCEL'\n{pack(value)}PARCEL"


LIE = Returned(answers=((0, DnsAnswer(name="evil", resolver=None, status=DnsStatus.ANSWERED)),))
OTHER_KIND = Returned(
    answers=(
        (
            0,
            ConnectAnswer(
                address="", port=1, server_name=None, status=ConnectStatus.OPEN, phase="tls"
            ),
        ),
    )
)
BEYOND = Returned(answers=((7, DnsAnswer(name=NAME, resolver=None, status=DnsStatus.ANSWERED)),))
BROKEN = {
    "noise": (
        "cat >/dev/null; echo Welcome; echo Closed for maintenance",
        "no answer came back, only: Closed for maintenance (exit status 0): see what its shell "
        "prints or runs at login",
    ),
    "silence": (
        "cat >/dev/null; exit 4",
        "no answer came back (exit status 4): try it by hand",
    ),
    "no python": (
        f"{HERE}; echo 'no python3 on this host: install Python 3.9 or newer' >&2; exit 127",
        "no python3 on this host: install Python 3.9 or newer",
    ),
    "old python": (
        f"{HERE}; echo 'Python 3.6.8 is too old: install Python 3.9 or newer on this host' >&2; "
        "exit 3",
        "Python 3.6.8 is too old: install Python 3.9 or newer on this host",
    ),
    "no shell": (
        "echo 'This account is not available.' >&2; exit 127",
        "no shell answered (This account is not available.): see that ssh is installed here, and "
        "that the user may run commands there",
    ),
    "sudo": (
        f"{HERE}; echo 'sudo: a password is required' >&2; exit 1",
        "sudo wants a password (sudo: a password is required): allow it without one (NOPASSWD), or "
        "leave sudo=true out, which the probes do not need",
    ),
    "cut off": (
        f"{RUN} | head -c 200",
        "the answer is cut off after ",
    ),
    "damaged": (
        f"{RUN} | sed '3s/./-/g'",
        "the answer is damaged: its length or checksum is another (exit status 0): see what its "
        "shell prints or runs at login",
    ),
    "dropped": (
        f"{HERE}; sleep 0.2; kill -9 $PPID",
        "the connection broke half-way (",
    ),
    "killed": (
        f"{HERE}; cat >/dev/null; sh -c 'kill -9 $$'; exit 137",
        "the program was killed there (no answer came back): see whether memory ran out (dmesg)",
    ),
    "wrong JSON": (
        parcel_of({"answers": 3}),
        "the answer is none that this version knows: $.answers: list expected, int found (exit "
        "status 0): see what its shell prints or runs at login",
    ),
    "another name": (
        parcel_of(LIE),
        f"its answer to dns {NAME} is about something else",
    ),
    "another kind": (
        parcel_of(OTHER_KIND),
        "the host answered something that it was not asked (exit status 0): see what its shell "
        "prints or runs at login",
    ),
    "beyond": (
        parcel_of(BEYOND),
        "the host answered something that it was not asked (exit status 0): see what its shell "
        "prints or runs at login",
    ),
}


@pytest.mark.parametrize("manner", BROKEN)
def test_what_a_bad_host_does_is_one_line(bad: SshServer, manner: str) -> None:
    """Whatever a host does but answer is an error of all that it was asked, and says what."""
    script, expected = BROKEN[manner]
    bad.behave(script)

    found = run(asked(vantage(by_ssh(bad.spec("bad"))), DNS, DIAL))

    texts = {trouble(each) for each in found}
    assert len(texts) == 1
    assert texts.pop().startswith(f"ssh://bad: {expected}")


def test_a_bad_host_costs_nobody_else_anything(good: SshServer, bad: SshServer) -> None:
    """Beside a host that lies, another one is asked and believed."""
    bad.behave(parcel_of(LIE))

    async def both() -> list[list[Answer | BaseException]]:
        places = vantage(by_ssh(bad.spec("bad"))), vantage(by_ssh(good.spec()))
        return list(await asyncio.gather(*(asked(each, DNS) for each in places)))

    (failed,), (fine,) = run(both())

    assert trouble(failed).startswith("ssh://bad: its answer to ")
    assert isinstance(fine, DnsAnswer)
    assert fine.status is DnsStatus.ANSWERED


def test_banners_and_noise_around_an_answer_do_not_matter(bad: SshServer) -> None:
    """What a host prints at login and afterwards is passed over."""
    bad.behave(f"echo WELCOME; echo beware >&2; {RUN}; echo bye; echo '-----END'")

    found = run(asked(vantage(by_ssh(bad.spec())), DNS))

    assert isinstance(found[0], DnsAnswer)


def test_a_host_whose_login_hangs_is_given_up(bad: SshServer, tmp_path: Path) -> None:
    """Before a shell has answered, no question's patience counts."""
    bad.behave(f"echo $$ >{tmp_path}/pid; exec sleep 20")

    found = run(asked(vantage(by_ssh(bad.spec("bad", "&timeout=1"))), DNS))

    assert trouble(found[0]) == (
        "ssh://bad: no shell answered within 2 s, and the connection was ended: see what runs "
        "there at login"
    )
    end(tmp_path / "pid")


def test_a_host_that_hangs_half_way_is_given_up_with_all_that_was_started(
    bad: SshServer, tmp_path: Path
) -> None:
    """At its deadline the client is killed, with a jump host's and whatever else it started."""
    bad.behave(f"{HERE}; echo $$ >{tmp_path}/pid; exec sleep 20")
    config = tmp_path / "ssh_config"
    # A proxy of its own, that would outlive the client.
    proxy = f"sh -c 'echo $$ >{tmp_path}/proxy; nc 127.0.0.1 {bad.port}; sleep 20'"
    config.write_text(f"ProxyCommand {proxy}\n{bad.config.read_text()}")
    if not has("nc"):
        config.write_text(bad.config.read_text())
    ssh = StdinChannel(open_ssh(f"ssh://bad?ssh_config={config}&timeout=1"))

    with pytest.raises(Exception, match="hangs") as raised:
        ssh.exchange(Batch(questions=(DNS,)), 0.3)

    assert str(raised.value) == (
        "no end within 2.3 s, and the connection was ended: see whether it hangs"
    )
    end(tmp_path / "pid")
    if (tmp_path / "proxy").exists():
        until(lambda: not alive(int((tmp_path / "proxy").read_text())))


def has(program: str) -> bool:
    """Return whether there is such a program."""
    return subprocess.run(["which", program], capture_output=True, check=False).returncode == 0


def alive(pid: int) -> bool:
    """Return whether a process runs, other than as a zombie."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def end(file: Path) -> None:
    """End what the forced script has become, which sshd leaves alone."""
    until(file.exists)
    os.kill(int(file.read_text()), signal.SIGKILL)


def test_closing_ends_the_connection_at_once(bad: SshServer, tmp_path: Path) -> None:
    """A run that ends does not wait for a host."""
    bad.behave(f"{HERE}; echo $$ >{tmp_path}/pid; exec sleep 20")
    place = vantage(by_ssh(bad.spec("bad")))

    async def work() -> list[object]:
        waiting = asyncio.create_task(place.ask(DNS))
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
        await place.close()
        return list(await asyncio.gather(waiting, return_exceptions=True))

    found = run(work())

    assert trouble(found[0]) == "ssh://bad: the run ended before it answered"  # type: ignore[arg-type]  # an error
    end(tmp_path / "pid")


def test_closing_ends_all_connections_to_a_host(bad: SshServer, tmp_path: Path) -> None:
    """Rounds that overlap have a connection each, and none of them outlives the run."""
    bad.behave(f"{HERE}; echo $$ >{tmp_path}/$$; exec sleep 20")
    ssh, told = open_ssh(bad.spec("bad")), list[str]()

    def talk() -> None:
        with pytest.raises(VantageError) as raised:
            ssh.execute("true", b"", 20)
        told.append(str(raised.value))

    threads = [threading.Thread(target=talk) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)
    ssh.end()
    for thread in threads:
        thread.join(10)

    assert told == ["the run ended before it answered"] * 2
    for file in tmp_path.glob("[0-9]*"):
        end(file)


def refusing_port() -> int:
    """Return a port of loopback on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def test_the_second_host_stands_in_for_one_that_refuses(good: SshServer) -> None:
    """A host that nobody can reach is passed over for one of the same groups, and named."""
    dead = by_ssh(f"ssh://127.0.0.1:{refusing_port()}?ssh_config={good.config}")
    place = vantage(dead, by_ssh(good.spec(), instance="i-0000000000000002"))

    found = run(asked(place, DNS))

    assert isinstance(found[0], DnsAnswer)
    assert place.label == f"ssh://host ({dead.host.label} could not be asked)"
    assert place.groups == GROUPS


def test_authentication_and_host_keys_are_told_apart(good: SshServer, tmp_path: Path) -> None:
    """Nothing prompts: a key that does not fit, or is not known, is one line with what helps."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True
    )
    text = good.config.read_text()
    (tmp_path / "wrong_key").write_text(
        text.replace(f"{good.config.parent}/user_key", f"{tmp_path}/other")
    )
    (tmp_path / "unknown").write_text(text.replace("known_hosts", "no_such_file"))

    key, unknown = (
        trouble(run(asked(vantage(by_ssh(f"ssh://host?ssh_config={tmp_path}/{name}")), DNS))[0])
        for name in ("wrong_key", "unknown")
    )

    assert key.startswith("ssh://host: authentication failed (")
    assert key.endswith(
        "Permission denied (publickey).): check the user, and that a key of ssh_config, "
        "ssh_identity_file or the SSH agent fits"
    )
    assert unknown == (
        "ssh://host: its host key is not known, or is another (Host key verification failed.): add "
        "it to known_hosts, or name the file in ssh_config"
    )


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        (
            "ssh: Could not resolve hostname nobody: Name or service not known",
            "its name does not resolve (ssh: Could not resolve hostname nobody: Name or service "
            "not known): give {private_ip}, or a HostName in ssh_config",
        ),
        (
            "ssh: connect to host 10.0.0.5 port 22: Connection timed out",
            "no answer to SSH (ssh: connect to host 10.0.0.5 port 22: Connection timed out): see "
            "that security groups and routes let SSH in from here, or use a jump host (ProxyJump)",
        ),
        (
            "ssh: connect to host 10.0.0.5 port 22: No route to host",
            "no route to it (ssh: connect to host 10.0.0.5 port 22: No route to host): use a jump "
            "host (ProxyJump in ssh_config)",
        ),
        (
            "kex_exchange_identification: read: Connection reset by peer",
            "it hung up (kex_exchange_identification: read: Connection reset by peer): see what "
            "its sshd logged",
        ),
        (
            "/x: line 1: Bad configuration option: hots",
            "ssh failed (/x: line 1: Bad configuration option: hots): try the same host with "
            "ssh -v",
        ),
    ],
)
def test_what_ssh_says_is_told_with_what_helps(stderr: str, expected: str) -> None:
    """Each way that ssh fails is one line; none of them is a verdict about the network."""
    error = of_ssh(f"Warning: something\n{stderr}\r\n")

    assert isinstance(error, NotAskedError)
    assert str(error) == expected


def test_lent_credentials_show_in_no_command_line_and_no_log(
    bad: SshServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They go by standard input: what runs here and there never shows them, nor does testinfra."""
    bad.behave(f"cat /proc/[0-9]*/cmdline >{tmp_path}/shown 2>/dev/null; {RUN}")
    keys = Credentials(access_key="AKIA", secret_key=SECRET, token=SECRET)
    channel = StdinChannel(open_ssh(bad.spec()))

    with caplog.at_level(logging.DEBUG):
        brought = channel.exchange(Batch(questions=(DNS,), credentials=keys), 20)

    shown = (tmp_path / "shown").read_bytes()
    assert len(brought.pairs) == 1
    assert b"pytest-ecs-privatelink: here" in shown
    assert SECRET.encode() not in shown
    assert SECRET not in caplog.text
    assert SECRET not in repr(keys)


def test_ssh_is_called_as_testinfra_does_and_leaves_no_master_behind() -> None:
    """What a host specification says is honoured; nothing prompts, nothing persists."""
    ssh = open_ssh(
        "ssh://me@10.0.0.5:2222?ssh_config=/c&ssh_identity_file=/k&sudo=true&sudo_user=root"
        "&ssh_extra_args=-o%20ProxyJump%3Dbastion&timeout=7"
    )

    line = ssh._line(ssh.get_command("true"))

    assert line == (
        "ssh -o ProxyJump=bastion -F /c -o User=me -o Port=2222 -i /k -o ConnectTimeout=7 -T "
        "-o BatchMode=yes -o ControlMaster=no -o ServerAliveInterval=5 -o ServerAliveCountMax=3 "
        "10.0.0.5 'sudo -n -u root /bin/sh -c true'"
    )


def test_no_host_is_asked_before_a_question_is(good: SshServer) -> None:
    """Taking up a vantage and closing it connects nowhere."""
    before = good.connections

    run(InstanceVantage.close(vantage(by_ssh(good.spec()))))

    assert good.connections == before
