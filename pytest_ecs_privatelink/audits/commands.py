"""The words of remedies: AWS CLI commands, and Terraform blocks that say the same."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping

from pytest_ecs_privatelink.topology.model import Snapshot


def aws(snapshot: Snapshot, *words: str) -> str:
    """Return a command of the CLI's ``ec2`` for the snapshot's Region, quoted for a shell."""
    return command(snapshot.region, "ec2", *words)


def command(region: str, api: str, action: str, *options: str) -> str:
    """Return the AWS CLI command that does ``action``, quoted for a shell."""
    return shlex.join(("aws", api, action, "--region", region, *options))


def block(kind: str, service: str, **arguments: str) -> str:
    """Return a Terraform resource of ``kind``, called after ``service``."""
    width = max(map(len, arguments))
    lines = (f"  {name:<{width}} = {value}" for name, value in arguments.items())
    return "\n".join((f'resource "{kind}" "{label(service)}" {{', *lines, "}"))


def label(name: str) -> str:
    """Return what a Terraform resource may be called after ``name``."""
    return re.sub(r"[^0-9A-Za-z]", "_", name)


def text(value: str) -> str:
    """Return ``value`` as a Terraform string."""
    return f'"{value}"'


def texts(values: Iterable[str]) -> str:
    """Return ``values`` as a Terraform list."""
    return f"[{', '.join(map(text, values))}]"


def encoded(policy: Mapping[str, object]) -> str:
    """Return a policy as a Terraform argument's value; ``${`` and ``%{`` would be Terraform's."""
    document = json.dumps(policy, indent=2).replace("${", "$${").replace("%{", "%%{")
    return f"jsonencode({document})".replace("\n", "\n  ")
