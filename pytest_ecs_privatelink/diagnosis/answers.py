"""What services said to a chain of calls: who refused it, or that a thing is not there.

Where a service has answered like that, no network is to blame: what texts name of it is there as
``unheard_endpoints``, ``unheard_groups`` and so on, only where nobody was heard.
"""

import shlex
from collections.abc import Iterable, Mapping

from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.claims.outcomes import Refusal, absence_in, refusal_in
from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.probes.references import read_parameter_name, read_secret_reference
from pytest_ecs_privatelink.verdict import Check

_GUARDS = {
    Denier.ORGANIZATION: "service and resource control policies, in the organization's management "
    "account",
    Denier.RESOURCE: "the policy of the resource itself",
    Denier.KMS: "the key: whether it is enabled, and what its policy allows",
}
_NETWORK = ("endpoints", "groups", "vpc", "gateway", "gateway_tables", "task_groups")
_SUFFIX = len("-Ab12Cd")
_BY_AWS = "Exception: "
"""Words of AWS's own, which say no more than that the thing is not there."""


def guard_of(check: Check) -> str | None:
    """Return what to look at where ``check`` was refused by what is no network; else None."""
    refusal = refusal_in(check.observed)
    return _GUARDS.get(refusal.by) if refusal else None


def answer_facts(
    checks: Iterable[Check], errand: str | None, account: str | None
) -> dict[str, str | None]:
    """Return what texts may name of the answer that all ``checks`` got; nothing where it differs.

    ``refusal`` says who refused what, ``guard`` what to look at then. ``absent`` is the one
    ``errand`` that is not there, ``lack`` what is said of it where that is more.
    """
    heard = tuple(check.observed for check in checks)
    refusals, absences = set(map(refusal_in, heard)), set(map(absence_in, heard))
    refusal = refusals.pop() if len(refusals) == 1 else None
    guard = _GUARDS.get(refusal.by) if refusal else None
    absent = errand if None not in absences else None
    lack = absences.pop() if absent and len(absences) == 1 else None
    return {
        "refusal": refusal.words if refusal and guard else None,
        "guard": guard,
        "absent": absent,
        "lack": lack if lack and _BY_AWS not in lack else None,
        "governed": account if _is_by(refusal, Denier.ORGANIZATION) else None,
        **_image_facts(errand, absent, refusal),
        **_secret_facts(errand),
    }


def network_facts(facts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return what of the network may have kept a service from being heard."""
    answered = facts["refusal"] or facts["absent"]
    return {f"unheard_{name}": None if answered else facts[name] for name in _NETWORK}


def _is_by(refusal: Refusal | None, denier: Denier) -> bool:
    return refusal is not None and refusal.by is denier


def _image_facts(
    errand: str | None, absent: str | None, refusal: Refusal | None
) -> dict[str, str | None]:
    image = parse_image(errand) if errand else None
    if image is None or image.account is None:
        return {}
    named = f"--registry-id {image.account} --repository-name {image.repository}"
    return {
        "lacking_repository": named if absent else None,
        "guarding_repository": named if _is_by(refusal, Denier.RESOURCE) else None,
    }


def _secret_facts(errand: str | None) -> dict[str, str | None]:
    """Return the secret or parameter as the AWS CLI wants it, and how those beside it begin."""
    if not errand:
        return {}
    if errand.startswith("arn:") and ":ssm:" in errand:
        name = read_parameter_name(errand)
        return {"parameter": shlex.quote(name), "parameter_stem": shlex.quote(_stem(name))}
    secret = read_secret_reference(errand).secret
    name = secret.rpartition(":")[2]
    ends = secret.startswith("arn:") and name[-_SUFFIX : 1 - _SUFFIX] == "-"
    stem = _stem(name[:-_SUFFIX] if ends else name)
    return {"secret": shlex.quote(secret), "secret_stem": shlex.quote(stem)}


def _stem(name: str) -> str:
    """Return the folder of a name, which those beside it are in, too; without one the name."""
    folder, slash, _ = name.rpartition("/")
    return f"{folder}{slash}" if folder else name
