"""Where controller and twin meet: the names of the files in a twin's and a lab's private folder.

A Unix socket's path has room for 51 bytes of them: see `vantage.sockets`.
"""

from pathlib import Path


def socket_path(folder: Path, host: int) -> Path:
    """Return the Unix socket on which a host (by its place in the plan) answers questions."""
    return folder / f"host{host}.sock"


def machine_path(folder: Path, host: int) -> Path:
    """Return the Unix socket on which a host runs commands (see `lab.inside.machine`)."""
    return folder / f"machine{host}.sock"


def ssh_path(folder: Path, host: int) -> Path:
    """Return the Unix socket of a host's OpenSSH server."""
    return folder / f"ssh{host}.sock"


def ssh_log_path(folder: Path, host: int) -> Path:
    """Return the file in which a host's OpenSSH server notes each connection."""
    return folder / f"ssh{host}.log"


def tasks_path(folder: Path, host: int) -> Path:
    """Return the Unix socket on which a host starts tasks (see `lab.inside.tasks`)."""
    return folder / f"tasks{host}.sock"


def ca_path(folder: Path) -> Path:
    """Return the PEM file of the authority that signed the servers' certificates."""
    return folder / "ca.pem"


def machines_path(folder: Path) -> Path:
    """Return the file of the lab that says by EC2 id where each container instance runs commands.

    JSON: ``{"i-0123456789abcdef0": "<machine_path>"}``. It is replaced as a whole with each twin.
    """
    return folder / "machines.json"


def task_places_path(folder: Path) -> Path:
    """Return the file of the lab that says by subnet where its cloud can have tasks run.

    JSON: ``{"subnet-...": {"path": "<tasks_path>", "places": [{"address": "10.0.1.252", "groups":
    ["sg-..."], "launch_types": ["fargate"]}]}}``. It is replaced as a whole with each twin.
    """
    return folder / "tasks.json"
