"""Where controller and twin meet: the names of the files in a twin's private folder."""

from pathlib import Path


def socket_path(folder: Path, host: int) -> Path:
    """Return the Unix socket on which a host (by its place in the plan) answers questions."""
    return folder / f"host{host}.sock"


def ca_path(folder: Path) -> Path:
    """Return the PEM file of the authority that signed the servers' certificates."""
    return folder / "ca.pem"
