"""What a row, the way a connection failed and a refusal mean together."""

from dataclasses import dataclass, replace

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.addresses import dialled_address, is_private
from pytest_ecs_privatelink.stopped.hosts import asked_host, looked_up, registry_of, service_of
from pytest_ecs_privatelink.stopped.records import Explanation, Phase
from pytest_ecs_privatelink.stopped.refusals import ADVICE, WHOSE, Refusal
from pytest_ecs_privatelink.stopped.row import Break, Kind, Row
from pytest_ecs_privatelink.verdict import Code

_UNREACHED = (Code.TCP_TIMEOUT, Code.TCP_UNREACHABLE)
_PHASE_OF = {
    "ecr.api": Phase.AUTH,
    "secretsmanager": Phase.SECRETS,
    "ssm": Phase.SECRETS,
    "kms": Phase.SECRETS,
    "logs": Phase.LOGS,
    "ecr.dkr": Phase.PULL,
}
_NO_ENDPOINT = (
    "make the endpoint with private DNS, or look at the VPC's DNS attributes and at name servers "
    "that do not forward"
)
_S3_AT_PUBLIC = (
    "look at the S3 gateway endpoint and its route tables, then whether the tasks' outbound rules "
    "admit 443 to the S3 prefix list"
)
_FOREIGN = (
    "no endpoint of AWS leads to this registry: copy the image into a private repository of "
    "Amazon ECR"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A text (``words``: on one line) and what was found in it; ``ranges`` are the VPC's."""

    text: str
    words: str
    broken: Break | None
    refusal: Refusal | None
    ranges: tuple[str, ...]


def unknown(text: str, phase: Phase) -> Explanation:
    """Return the explanation of a text that nobody has seen, though its ``phase`` may be plain."""
    said = "ECS's words for this stop are unknown" if text.strip() else "ECS says nothing of why"
    at = "" if phase is Phase.UNKNOWN else f" (it stopped at: {phase})"
    return Explanation(
        known=False,
        phase=phase,
        service=None,
        code=None,
        sentence=f"{said}{at}; no cause is guessed",
        advice="read the text itself",
        text=text,
    )


def explained(row: Row, told: Told) -> Explanation:
    """Return what ``told`` means, whose words are those of ``row``."""
    if row.kind is not Kind.STEP:
        return _of_whole(row, told)
    if told.refusal is not None:
        return _of_refusal(row, told, told.refusal)
    if told.broken is not None or row.network:
        return of_call(row, told)
    return unknown(told.text, row.phase)


def _of_whole(row: Row, told: Told) -> Explanation:
    service, foreign = _service(row, told) if row.service else (None, False)
    denied_by, action = row.refused, None
    if row.refused is not None and told.refusal is not None:
        said = told.refusal
        denied_by = row.refused if said.denied_by is Denier.UNSAID else said.denied_by
        action = said.action
    return replace(
        _blank(row, told),
        service=service,
        code=None if foreign else row.own,
        network=row.network,
        denied_by=denied_by,
        action=action or ("s3:GetObject" if denied_by and service == "s3" else None),
    )


def _of_refusal(row: Row, told: Told, refusal: Refusal) -> Explanation:
    service, foreign = _service(row, told)
    by_endpoint = refusal.denied_by is Denier.ENDPOINT_POLICY and service != "s3"
    action = refusal.action or "the call"
    return replace(
        _blank(row, told),
        service=service,
        code=None if foreign else Code.ENDPOINT_POLICY_DENIES if by_endpoint else row.denied,
        sentence=f"{row.says}: {action} was refused by {WHOSE[refusal.denied_by]}",
        advice=ADVICE[refusal.denied_by],
        denied_by=refusal.denied_by,
        action=refusal.action,
    )


def of_call(row: Row, told: Told) -> Explanation:
    """Return what it means that the step of ``row`` was broken by the network."""
    service, foreign = _service(row, told)
    address = dialled_address(told.words)
    private = None if address is None else is_private(address, told.ranges)
    found = replace(
        _blank(row, told),
        phase=row.phase if row.service else _PHASE_OF.get(service or "", row.phase),
        service=service,
        code=row.own,
        network=True,
        address=None if address is None else str(address),
        private=private,
    )
    if told.broken is None:
        return found
    better = told.broken.silent and service == row.service
    found = replace(
        found,
        code=told.broken.code or row.own,
        sentence=f"{_step(row, service, told)}: {_how(told.broken, found, told, foreign=foreign)}",
        advice=(better and row.advice) or told.broken.advice,
    )
    if foreign and not private:
        return replace(found, code=Code.IMAGE_REGISTRY_PUBLIC, advice=_FOREIGN)
    return _placed(found, told.broken)


def _placed(found: Explanation, broken: Break) -> Explanation:
    if found.private is not False or not broken.by_place or found.code not in _UNREACHED:
        return found
    if found.service == "s3":
        return replace(found, advice=_S3_AT_PUBLIC)
    return replace(found, code=Code.DNS_PUBLIC_ANSWER, advice=_NO_ENDPOINT)


def _how(broken: Break, found: Explanation, told: Told, *, foreign: bool) -> str:
    says = broken.says.format(
        name=looked_up(told.words) or "what was looked up",
        address=found.address or "there",
        at_address=f" from {found.address}" if found.address else "",
    )
    if found.private is None or not broken.by_place:
        return says
    if found.private:
        place = "a private address: the name leads into the VPC, and what lies between stops it"
    elif foreign:
        place = "a public address: no way leads out"
    elif found.service == "s3":
        place = "an address of S3's: the gateway endpoint's way is not taken, or a filter stops it"
    else:
        own = "" if told.ranges else " (unless it is of the VPC's own ranges)"
        place = f"a public address{own}: no endpoint answers for the name, and no way leads out"
    return f"{says}, {place}"


def _step(row: Row, service: str | None, told: Told) -> str:
    host = asked_host(told.words) or registry_of(told.words)
    if service is not None and row.service is None:
        return f"{row.says} ({service})"
    return f"{row.says} ({host})" if host and service is None and row.pulls else row.says


def _service(row: Row, told: Told) -> tuple[str | None, bool]:
    """Return the endpoint service that was called, and whether it was a registry of others'."""
    host = asked_host(told.words)
    called = service_of(host) if host else None
    if called is not None:
        fits = row.service is None or row.pulls or _alike(called, row.service)
        return (called if fits else row.service), False
    registry = host or registry_of(told.words)
    if not row.pulls or registry is None:
        return row.service, False
    return (row.service, False) if service_of(registry) else (None, True)


def _alike(called: str, service: str) -> bool:
    """Return whether ``called`` is ``service``, or its FIPS sibling."""
    return called.replace("-fips", "") == service


def _blank(row: Row, told: Told) -> Explanation:
    return Explanation(
        known=True,
        row=row.id,
        phase=row.phase,
        service=row.service,
        code=row.own,
        sentence=row.says,
        advice=row.advice,
        text=told.text,
    )
