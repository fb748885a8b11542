"""System calls that Python 3.11 does not offer, and what their refusal means for the user."""

import contextlib
import ctypes
import errno
import os
import signal
import struct
from collections.abc import Iterator
from pathlib import Path

from pytest_ecs_privatelink.errors import LabError

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_CLONE_NEWPID, _CLONE_NEWNET = 0x20000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_PR_SET_PDEATHSIG, _PR_CAP_AMBIENT, _AMBIENT_RAISE, _AMBIENT_CLEAR_ALL = 1, 47, 2, 4
_CAPABILITIES_3, _CAP_SYS_ADMIN = 0x20080522, 21

_libc = ctypes.CDLL(None, use_errno=True)

WAYS_AROUND = (
    "judge the snapshot alone with --ecs-claims audit, or run on a Linux machine"
    " that lets you make user namespaces"
)


def enter_namespaces() -> None:
    """Move this process into user, network and mount namespaces, its children into a PID one.

    The user keeps its ids and gains every capability over what the new namespaces own. Raises
    `LabError` where the kernel or its policy refuses. The process must have one thread.
    """
    user, group = os.getuid(), os.getgid()
    try:
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    except OSError as error:
        raise LabError(_refusal(error)) from error


def new_network_namespace() -> int:
    """Make a network namespace beside the present one; return a file descriptor that keeps it."""
    present = _present_network_namespace()
    try:
        _call("unshare", _CLONE_NEWNET)
    except OSError as error:
        raise LabError(
            f"the lab needs one more network namespace, and the kernel refuses ({error.strerror}):"
            f" raise user.max_net_namespaces (sysctl), probe fewer subnets, or {WAYS_AROUND}"
        ) from error
    made = _present_network_namespace()
    enter_network_namespace(present)
    os.close(present)
    return made


@contextlib.contextmanager
def within_network_namespace(descriptor: int) -> Iterator[None]:
    """Be in another network namespace for a while."""
    present = _present_network_namespace()
    enter_network_namespace(descriptor)
    try:
        yield
    finally:
        enter_network_namespace(present)
        os.close(present)


def enter_network_namespace(descriptor: int) -> None:
    """Move this process into the network namespace of a file descriptor."""
    _call("setns", descriptor, _CLONE_NEWNET)


@contextlib.contextmanager
def bearing_in_new_pid_namespace() -> Iterator[None]:
    """Have the child that is made meanwhile be pid 1 of a PID namespace, which ends with it."""
    present = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call("unshare", _CLONE_NEWPID)
        yield
    finally:
        _call("setns", present, _CLONE_NEWPID)
        os.close(present)


def bind_over(source: Path, target: Path) -> None:
    """Let ``source``, and what is mounted in it, be seen at ``target`` in this mount namespace."""
    # Without what is mounted in it the kernel would refuse: that may be there to hide something.
    _call("mount", bytes(source), bytes(target), None, _MS_BIND | _MS_REC, None)


def enter_mount_namespace() -> None:
    """Move this process into a mount namespace of its own, which begins as the present one is."""
    _call("unshare", _CLONE_NEWNS)


def mount_empty(target: Path) -> None:
    """Let ``target`` be an empty folder in memory, in this mount namespace only."""
    _call("mount", b"none", bytes(target), b"tmpfs", 0, b"mode=0755")


def become(inner: int, user: int, group: int) -> None:
    """Move this process, of ``user`` and ``group``, into a user namespace where both are ``inner``.

    What it executes then has no capability over anything. Made for the moment between fork and
    exec: it needs no more of Python than it must.
    """
    _call("unshare", _CLONE_NEWUSER)
    for path, words in (
        ("/proc/self/setgroups", b"deny"),
        ("/proc/self/uid_map", b"%d %d 1" % (inner, user)),
        ("/proc/self/gid_map", b"%d %d 1" % (inner, group)),
    ):
        descriptor = os.open(path, os.O_WRONLY)
        os.write(descriptor, words)
        os.close(descriptor)


def let_programs_change_namespaces() -> None:
    """Have what this process executes keep the right to change namespaces, whoever the user is.

    Else only root's programs keep capabilities (capabilities(7), "Ambient").
    """
    header = struct.pack("=Ii", _CAPABILITIES_3, 0)
    sets = ctypes.create_string_buffer(24)
    _call("capget", header, sets)
    effective, permitted, inheritable, *high = struct.unpack("=6I", sets.raw)
    wanted = inheritable | 1 << _CAP_SYS_ADMIN
    _call("capset", header, struct.pack("=6I", effective, permitted, wanted, *high))
    _call("prctl", _PR_CAP_AMBIENT, _AMBIENT_RAISE, _CAP_SYS_ADMIN, 0, 0)


def let_programs_change_nothing() -> None:
    """Take back what `let_programs_change_namespaces` gave."""
    _call("prctl", _PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)


def die_with_parent() -> None:
    """Have this process killed as soon as its parent ends."""
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def accept_from_everywhere() -> None:
    """Let packets come in by another link than their replies will take.

    A new namespace has its creator's setting, and distributions differ in theirs.
    """
    set_network_option("ipv4.conf.all.rp_filter", 0)
    set_network_option("ipv4.conf.default.rp_filter", 0)


def set_network_option(name: str, value: int) -> None:
    """Set ``net.NAME`` of the present network namespace; leave it where it is that already."""
    path = Path("/proc/sys/net", *name.split("."))
    try:
        if path.read_text().strip() != str(value):
            path.write_text(str(value))
    except OSError as error:
        raise LabError(
            f"the lab's network needs net.{name}={value} in namespaces of its own, and /proc/sys"
            f" refuses ({error.strerror}); in a container, mount it writable: {WAYS_AROUND}"
        ) from error


def _present_network_namespace() -> int:
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _call(function: str, *arguments: object) -> None:
    # Every argument is an int or bytes; ints wider than C's are not among them.
    if getattr(_libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), function)


def _refusal(error: OSError) -> str:
    words = f"the lab's network needs user namespaces, which are refused here ({error.strerror})"
    if _setting("user/max_user_namespaces") == "0":
        return f"{words}: set user.max_user_namespaces above 0 (sysctl), or {WAYS_AROUND}"
    for name in (
        "kernel/apparmor_restrict_unprivileged_userns",
        "kernel/unprivileged_userns_clone",
    ):
        wanted = "1" if name.endswith("clone") else "0"
        if _setting(name) not in (None, wanted):
            dotted = name.replace("/", ".")
            return f"{words}: sudo sysctl -w {dotted}={wanted}, or {WAYS_AROUND}"
    if error.errno == errno.ENOSPC:
        return (
            f"{words}: user.max_user_namespaces (or max_net_namespaces) is used up: {WAYS_AROUND}"
        )
    return (
        f"{words}: in a container its seccomp profile forbids them (run it with --security-opt"
        f" seccomp=unconfined), or {WAYS_AROUND}"
    )


def _setting(name: str) -> str | None:
    with contextlib.suppress(OSError):
        return Path("/proc/sys", name).read_text().strip()
    return None
