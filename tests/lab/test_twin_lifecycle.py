"""How twins begin and end: whatever happens, nothing of one is left behind."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from twin_rehearsal import plan_of, rehearse
from twin_snapshots import MANY_SERVICES, healthy, interface_address

from pytest_ecs_privatelink.errors import LabError, VantageError
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.twin import Twin, check_kernel
from pytest_ecs_privatelink.probes.records import DnsQuestion

HERE = Path(__file__).parent

ENDS = 10.0
"""Seconds in which a twin is to be gone; it takes about a tenth."""


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def watch(pids: list[int]) -> list[int]:
    """Return descriptors that become readable when the processes end."""
    return [os.pidfd_open(pid) for pid in pids]


def all_end(descriptors: list[int]) -> bool:
    """Whether the processes behind ``descriptors`` end in time."""
    ended = [bool(select.select([each], [], [], ENDS)[0]) for each in descriptors]
    for each in descriptors:
        os.close(each)
    return all(ended)


def test_kernel_is_able() -> None:
    """A twin can be made on this kernel: the other tests here mean something."""
    check_kernel()


def test_close_leaves_nothing() -> None:
    """Closing ends every process and removes the folder; closing again is harmless."""
    twin = Twin.launch()
    twin.build(plan_of(healthy()))
    pids = family(twin.pid)
    ends = watch(pids)
    assert twin.ca_file.is_file()
    assert twin.folder.stat().st_mode & 0o777 == 0o700
    twin.close()
    twin.close()
    assert len(pids) == 6  # supervisor, router, listeners, resolver and two hosts
    assert all_end(ends)
    assert not twin.folder.exists()


def test_close_without_build() -> None:
    """A twin that was never built can be closed, also before its imports are done."""
    twin = Twin.launch()
    ends = watch([twin.pid])
    twin.close()
    assert all_end(ends)
    assert not twin.folder.exists()


@pytest.mark.parametrize("part", ["supervisor", "router"])
def test_killed_part_takes_all_with_it(part: str) -> None:
    """No process outlives the supervisor or the router, and vantages say that they are gone."""
    with Twin.launch() as twin:
        twin.build(plan_of(healthy()))
        pids = family(twin.pid)
        ends = watch(pids)
        os.kill(pids[0] if part == "supervisor" else pids[1], signal.SIGKILL)
        assert all_end(ends)
        with pytest.raises(VantageError, match=r"^vantage lab:subnet-0: cannot be asked: "):
            asyncio.run(twin.vantages["subnet-0"].ask(DnsQuestion(name="example.com")))
    assert not twin.folder.exists()


CONTROLLER = """
    import sys, time
    sys.path.insert(0, {here!r})
    from twin_rehearsal import plan_of
    from twin_snapshots import healthy
    from pytest_ecs_privatelink.lab.twin import Twin
    twin = Twin.launch()
    twin.build(plan_of(healthy()))
    print(twin.pid, twin.folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_twin_ends_with_its_controller(sent: signal.Signals) -> None:
    """A controller that is killed leaves no process and no folder."""
    program = textwrap.dedent(CONTROLLER.format(here=str(HERE)))
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, text=True
    ) as controller:
        assert controller.stdout is not None
        pid, folder = controller.stdout.readline().split()
        ends = watch(family(int(pid)))
        assert Path(folder).is_dir()
        controller.send_signal(sent)
    # The supervisor is the last to go, after it has removed the folder.
    assert all_end(ends)
    assert not Path(folder).exists()


def test_interrupt_is_the_controllers_to_decide() -> None:
    """Ctrl-C, which reaches every process of the terminal's group, does not end the twin."""
    with rehearse(healthy()) as lab:
        for pid in family(lab.twin.pid):
            os.kill(pid, signal.SIGINT)
        assert lab.opens(("subnet-0", interface_address(0, 0)))


def test_twenty_subnets() -> None:
    """Twenty subnets with twelve services of three interfaces are built, and all work."""
    with rehearse(healthy(subnets=20, services=MANY_SERVICES, interfaces=3)) as lab:
        addresses = [interface_address(i % 3, i % 12) for i in range(20)]
        assert lab.opens(*((f"subnet-{i}", address) for i, address in enumerate(addresses)))


def test_twins_do_not_meet() -> None:
    """Two twins of the same VPC live side by side."""
    with rehearse(healthy()) as one, rehearse(healthy()) as other:
        endpoint = interface_address(0, 0)
        assert one.opens(("subnet-0", endpoint))
        assert other.opens(("subnet-0", endpoint))
        assert one.twin.folder != other.twin.folder


def test_foreign_resolver_settings_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's resolver variables do not reach the hosts of the twin."""
    monkeypatch.setenv("LOCALDOMAIN", "us-east-1.amazonaws.com")
    monkeypatch.setenv("RES_OPTIONS", "ndots:15 attempts:5")
    with rehearse(healthy()) as lab:
        answer = lab.resolve("subnet-0", "api.ecr.us-east-1.amazonaws.com", None)
        assert answer.addresses == (interface_address(0, 0),)
        assert lab.resolve("subnet-0", "logs", None).addresses == ()


REFUSING = """
    import os, sys
    from pathlib import Path
    from pytest_ecs_privatelink.errors import LabError
    from pytest_ecs_privatelink.lab.inside import kernel
    from pytest_ecs_privatelink.lab.twin import check_kernel

    kernel.enter_namespaces()
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    Path("/proc/sys/user", sys.argv[1]).write_text(sys.argv[2])
    try:
        check_kernel()
    except LabError as error:
        print(error, flush=True)
    os._exit(0)
"""


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        (
            "max_user_namespaces",
            0,
            "the lab's network needs user namespaces, which are refused here (No space left on"
            " device): set user.max_user_namespaces above 0 (sysctl), or judge the snapshot alone"
            " with --ecs-claims audit, or run on a Linux machine that lets you make user"
            " namespaces",
        ),
        (
            "max_net_namespaces",
            2,
            "the lab needs one more network namespace, and the kernel refuses (No space left on"
            " device): raise user.max_net_namespaces (sysctl), probe fewer subnets, or judge the"
            " snapshot alone with --ecs-claims audit, or run on a Linux machine that lets you make"
            " user namespaces",
        ),
    ],
)
def test_kernel_that_refuses(limit: str, value: int, message: str) -> None:
    """A kernel that allows no (or no more) namespaces is one line with the ways around it.

    The limits are those of a user namespace that the test makes for itself.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(REFUSING), limit, str(value)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == message


def test_build_says_why_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin whose process cannot start is an error of one line, and is gone."""
    (tmp_path / "pytest_ecs_privatelink").mkdir()
    (tmp_path / "pytest_ecs_privatelink" / "__init__.py").write_text("raise ImportError('no twin')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        pytest.raises(
            LabError,
            match=r"^the twin's process ended before it was ready: ImportError: no twin$",
        ),
        Twin.launch() as twin,
    ):
        twin.build(plan_of(healthy()))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have temporary folders made in an empty one with room for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_host_that_cannot_listen(place: Path) -> None:
    """A process of the twin that ends before it is ready says why in the error."""
    parent = place / ("\u00e9" * 40)
    parent.mkdir()
    message = (
        r"^the twin's host in subnet-0 ended before it was ready: OSError: AF_UNIX path too long$"
    )
    with Twin.launch(parent) as twin, pytest.raises(LabError, match=message):
        twin.build(plan_of(healthy()))
    assert not twin.folder.exists()


def test_temporary_folder_with_a_long_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for temporary files whose name has few characters and many bytes does no harm."""
    long = place / ("\u00e9" * 35)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with rehearse(healthy()) as lab:
        assert lab.opens(("subnet-0", interface_address(0, 0)))


@pytest.mark.parametrize(
    ("cloud", "message"),
    [
        (False, "^the twin's process cannot be started: .*No such file or directory: "),
        (True, "^the lab's cloud cannot be started: .*No such file or directory: "),
    ],
)
def test_lab_that_cannot_start(
    place: Path, monkeypatch: pytest.MonkeyPatch, cloud: bool, message: str
) -> None:
    """An interpreter that cannot be executed is an error of one line, and leaves no folder."""
    monkeypatch.setattr(sys, "executable", str(place / "no-python"))
    with pytest.raises(LabError, match=message):
        Laboratory(cloud=cloud, twin=not cloud)
    with pytest.raises(LabError, match=r"^the twin's process cannot be started: "):
        Twin.launch()
    assert list(place.iterdir()) == []


def test_lab_of_another_system(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without namespaces is told so, and keeps no folder."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(LabError, match=r"^the lab's network is made of Linux namespaces, and this"):
        Laboratory(cloud=False, twin=True)
    assert list(place.iterdir()) == []


def test_no_aws_client_is_loaded() -> None:
    """The twin's processes know no botocore and no moto: these would be most of their start."""
    script = (
        "import sys, pytest_ecs_privatelink.lab.inside.router\n"
        "print({'boto3', 'botocore', 'moto', 'flask'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout == "set()\n"
