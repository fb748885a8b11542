"""How container instances are reached: a testinfra host specification with fields to fill in."""

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, urlsplit

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.probes.metadata_endpoints import INSTANCE_ENDPOINT

FIELDS = ("az", "instance_id", "private_ip", "subnet_id")
"""What a snapshot knows of a container instance."""

CONNECTIONS = (
    *("ansible", "chroot", "docker", "kubectl", "local", "lxc", "machine", "openshift"),
    *("paramiko", "podman", "safe-ssh", "salt", "ssh", "ssm"),
)
"""testinfra's connections with a shell behind them, and two of our own: ``ssm``, ``machine``."""

OVER_SSH = ("ssh", "safe-ssh")
BY_STDIN = (*OVER_SSH, "machine")
"""Connections that take standard input: only these can carry credentials."""

_QUERIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        OVER_SSH,
        (
            *("ssh_config", "ssh_identity_file", "ssh_extra_args", "timeout"),
            *("sudo", "sudo_user"),
        ),
    ),
    "ssm": (),
    "machine": ("socket",),
}
"""What may follow the question mark, where we know it: what testinfra does not know it ignores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """What ``--ecs-connect`` says: a ``template``, and whether to ``lend`` the run's credentials.

    ``more`` has further fields by EC2 instance id, which the lab knows of its own hosts, and
    ``metadata`` is where instances find their own credentials.
    """

    template: str
    lend: bool = False
    more: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    metadata: str = INSTANCE_ENDPOINT

    @property
    def connection(self) -> str:
        """How hosts are reached: the part before ``://``."""
        return self.template.partition("://")[0]


def check_template(template: str, further: Iterable[str] = ()) -> None:
    """Raise a one-line `SettingsError` where ``template`` names what does not exist."""
    if not template.strip():
        raise _wrong(template, "is empty: give a host such as ssh://ec2-user@{private_ip}")
    _check_fields(template, (*FIELDS, *further))
    connection, mark, _ = template.partition("://")
    if not mark:
        raise _wrong(template, f"has no connection before ://, of {', '.join(CONNECTIONS)}")
    if connection not in CONNECTIONS:
        raise _wrong(
            template, f"no such connection {connection!r}; there are {', '.join(CONNECTIONS)}"
        )
    known = _QUERIES.get(connection)
    if known is None:
        return
    parts = urlsplit(template)
    if ":" in parts.netloc.rpartition("@")[0]:
        raise _wrong(template, "has a password, which command lines show: use a key")
    for name in parse_qs(parts.query, keep_blank_values=True):
        if name not in known:
            legal = f"; there are {', '.join(known)}" if known else ", nor anything else after ?"
            raise _wrong(template, f"{connection} takes no {name!r}{legal}")
    if not all(each.isdigit() for each in parse_qs(parts.query).get("timeout", ())):
        raise _wrong(template, "timeout: give whole seconds")
    _check_port(template, parts)
    if connection == "ssm" and parts.netloc != "{instance_id}":
        raise _wrong(template, "SSM knows instances by id: give ssm://{instance_id}")


def files_of(template: str) -> tuple[str, ...]:
    """Return the files on this machine that ``ssh`` is told to read, whatever instance is asked."""
    if template.partition("://")[0] not in OVER_SSH:
        return ()
    query = parse_qs(urlsplit(template).query)
    told = [*query.get("ssh_config", ()), *query.get("ssh_identity_file", ())]
    return tuple(each for each in told if each != "none" and not fields_of(each))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the host that ``template`` means for the instance with these ``values``."""
    return template.format_map(values)


def fields_of(template: str) -> frozenset[str]:
    """Return the names of the fields in ``template``."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def label_of(spec: str) -> str:
    """Return how reports name the host ``spec``: without password and query."""
    connection, mark, rest = spec.partition("://")
    place = rest.partition("?")[0]
    user, at, host = place.rpartition("@")
    return f"{connection}{mark}{user.partition(':')[0]}{at}{host}"


def shown(template: str) -> str:
    """Return ``template`` as errors quote it: whole, but for a password."""
    connection, mark, rest = template.partition("://")
    if not mark:
        connection, rest = "", template
    place, question, query = rest.partition("?")
    user, at, host = place.rpartition("@")
    return f"{connection}{mark}{user.partition(':')[0]}{at}{host}{question}{query}"


def _check_fields(template: str, legal: Iterable[str]) -> None:
    told = ", ".join(f"{{{name}}}" for name in legal)
    try:
        # A form or a conversion would make something else of it.
        parts = [(name, form or how) for _, name, form, how in string.Formatter().parse(template)]
    except ValueError as error:
        raise _wrong(template, f"{error}; the fields are {told}") from None
    for name, form in parts:
        if name is None:
            continue
        if name not in tuple(legal):
            raise _wrong(template, f"no such field {{{name}}}; there are {told}")
        if form:
            raise _wrong(template, f"give {{{name}}} as it is, without ! and :")


def _check_port(template: str, parts: SplitResult) -> None:
    try:
        _ = parts.port
    except ValueError:
        raise _wrong(template, "port: give a number, of 65535 at most") from None


def _wrong(template: str, why: str) -> SettingsError:
    return SettingsError(f"--ecs-connect {shown(template)!r}: {why}")
