"""What went wrong on the way to a host, in one line: what happened, and what would help."""

from pytest_ecs_privatelink.errors import VantageError

_LONGEST_WORDS = 160
_NOT_FOUND = 127
_NO_FIT_PYTHON = (_NOT_FOUND, 3)
"""How the program ends where no Python fits; it then says so itself."""
_SHELL_HELPS = "the probes need sh and Python 3.9 or newer there, and nothing else"


class NotAskedError(VantageError):
    """A host that surely was not asked anything: another one may be asked in its place."""


_SSH: tuple[tuple[str, str, str], ...] = (
    (
        "Host key verification failed",
        "its host key is not known, or is another",
        "add it to known_hosts, or name the file in ssh_config",
    ),
    (
        "Permission denied",
        "authentication failed",
        "check the user, and that a key of ssh_config, ssh_identity_file or the SSH agent fits",
    ),
    (
        "Could not resolve hostname",
        "its name does not resolve",
        "give {private_ip}, or a HostName in ssh_config",
    ),
    (
        "Connection refused",
        "connection refused",
        "see that sshd runs there, on this port",
    ),
    (
        "timed out",
        "no answer to SSH",
        "see that security groups and routes let SSH in from here, or use a jump host (ProxyJump)",
    ),
    ("No route to host", "no route to it", "use a jump host (ProxyJump in ssh_config)"),
    ("Network is unreachable", "no route to it", "use a jump host (ProxyJump in ssh_config)"),
    ("Connection closed by", "it hung up", "see what its sshd logged"),
    ("closed by remote host", "it hung up", "see what its sshd logged"),
    ("Connection reset by", "it hung up", "see what its sshd logged"),
    ("kex_exchange_identification", "it hung up", "see what its sshd logged"),
)


def of_ssh(stderr: str) -> NotAskedError:
    """Say why ``ssh`` came to no shell there, by its last words."""
    for words, happened, helps in _SSH:
        if words in stderr:
            return NotAskedError(f"{happened}{_quoted(stderr)}: {helps}")
    return NotAskedError(f"ssh failed{_quoted(stderr)}: try the same host with ssh -v")


def of_program(rc: int, stdout: str, stderr: str, problem: str) -> VantageError:
    """Say why the program brought nothing: ``problem`` is what is wrong with its answer."""
    if "sudo:" in stderr and ("password" in stderr or "terminal" in stderr):
        return NotAskedError(
            f"sudo wants a password{_quoted(stderr)}: allow it without one (NOPASSWD), or leave "
            "sudo=true out, which the probes do not need"
        )
    if rc in _NO_FIT_PYTHON and "install Python" in stderr:
        return NotAskedError(last_words(stderr))
    if rc == _NOT_FOUND:
        return NotAskedError(f"no shell that runs programs{_quoted(stderr)}: {_SHELL_HELPS}")
    if rc in (-9, 137, 143):
        return VantageError(
            f"the program was killed there ({problem}): see whether memory ran out (dmesg)"
        )
    if "Traceback (most recent call last)" in stderr:
        return VantageError(
            f"{problem}, for its Python failed ({last_words(stderr)}): see that "
            "python3 -c 'import asyncio, json, ssl, zlib' works there"
        )
    told = f"exit status {rc}" + (f", {last_words(stderr)}" if stderr.strip() else "")
    helps = "see what its shell prints or runs at login" if stdout.strip() else "try it by hand"
    return VantageError(f"{problem} ({told}): {helps}")


def last_words(text: str) -> str:
    """Return the last line of ``text``, since errors come last; shortened, and nothing unprintable.

    Where there is none, that is said.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = "".join(each if each.isprintable() else "?" for each in lines[-1]) if lines else ""
    return (
        f"{last[:_LONGEST_WORDS]} ..." if len(last) > _LONGEST_WORDS else last or "no reason given"
    )


def _quoted(stderr: str) -> str:
    """Return what was said last, to go after what happened; nothing where nothing was."""
    return f" ({last_words(stderr)})" if stderr.strip() else ""
