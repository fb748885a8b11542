"""What a task's death says of its cause: which findings fit it, and what texts may name of it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.claims.task_start import ends_of, sentence_in, words_in
from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.explain import explain_text
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import CHAIN_CLAIMS, PATH_CLAIMS, Cell, Check, Code, Finding

_PHASES: Mapping[Code, frozenset[str]] = MappingProxyType(
    {
        Code.SUBNET_ADDRESSES_EXHAUSTED: frozenset({Phase.PLACEMENT, Phase.INTERFACE}),
        Code.EFS_MOUNT_UNREACHABLE: frozenset({Phase.VOLUMES}),
        Code.ENV_FILE_BUCKET_DENIED: frozenset({Phase.ENV_FILES}),
        Code.IMAGE_REGISTRY_PUBLIC: frozenset({Phase.PULL}),
        Code.CROSS_REGION_IMAGE: frozenset({Phase.AUTH, Phase.PULL}),
        Code.CROSS_REGION_LOGS: frozenset({Phase.LOGS}),
        Code.CROSS_REGION_SECRET: frozenset({Phase.SECRETS}),
        Code.ROLE_CONDITION_MISMATCH: frozenset(
            {Phase.AUTH, Phase.SECRETS, Phase.LOGS, Phase.PULL}
        ),
    }
)
"""The steps of a start that findings break which block no path."""
_SERVICES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        Phase.AUTH: frozenset({"ecr.api", "secretsmanager", "ssm"}),
        Phase.SECRETS: frozenset({"secretsmanager", "ssm"}),
        Phase.ENV_FILES: frozenset({"s3"}),
        Phase.LOGS: frozenset({"logs"}),
        Phase.PULL: frozenset({"ecr.api", "ecr.dkr", "s3"}),
    }
)
"""Whom a step may have been waiting for where ECS's words name nobody."""
_OF_ENDPOINTS = frozenset({Denier.ENDPOINT_POLICY, Denier.UNSAID})
"""Who may have refused where an endpoint's policy is wrong: AWS names all others."""
_TASK = "task:"


def fits(finding: Finding, check: Check) -> bool:
    """Return whether ``finding`` can be why the red ``check`` of a task is red.

    It blocks the task's cell; but a task dies of one thing, and its last words say of which.
    """
    if (phases := _PHASES.get(finding.code)) is not None:
        told = check.phase in phases or check.phase == Phase.UNKNOWN
        refused = finding.code is not Code.ROLE_CONDITION_MISMATCH or _was_refused(check)
        return check.code is Code.TASK_FAILED_TO_START and told and refused
    paths, chains = _blocked(finding, check.subnet)
    if not _leaves_room(check, by_policy=not paths):
        return False
    blocked = paths or chains
    if ends := ends_of(check):
        return not blocked.isdisjoint(ends)
    if check.phase == Phase.UNKNOWN:
        return True
    return not blocked.isdisjoint(_SERVICES.get(check.phase or "", frozenset()))


def _leaves_room(check: Check, *, by_policy: bool) -> bool:
    """Return whether ECS's words allow for a blocked path, or ``by_policy`` for an endpoint's.

    Whoever was answered had a path, and an endpoint's policy stops nobody else's way; what is not
    there was hidden by neither.
    """
    words = words_in(check.observed)
    met = None if words is None else explain_text(words)
    if met is None or not met.known:
        return True
    if by_policy:
        return met.denied_by in _OF_ENDPOINTS
    return met.network


def _was_refused(check: Check) -> bool:
    words = words_in(check.observed)
    return words is None or explain_text(words).denied_by is not None


def _blocked(finding: Finding, subnet: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the endpoint services to which ``finding`` blocks paths, and those of chains."""
    here = [cell for cell in finding.blocks if cell.subnet == subnet]
    paths = frozenset(cell.service for cell in here if cell.claim in PATH_CLAIMS)
    return paths, frozenset(each for cell in here for each in _through(cell))


def _through(cell: Cell) -> tuple[str, ...]:
    return CHAINS[cell.claim, cell.service] if cell.claim in CHAIN_CLAIMS else ()


def death_facts(checks: Iterable[Check], cidr: str | None) -> dict[str, str | None]:
    """Return what texts may name of the death that all ``checks`` are about; else nothing.

    ``death`` says what it was, ``advice`` what to do about it, ``task`` is the ARN of one of them;
    ``cidr`` is the VPC's range, whose addresses are private.
    """
    told = tuple(checks)
    sentences = {sentence_in(check.observed) for check in told}
    words = [each for check in told if (each := words_in(check.observed))]
    arns = sorted(each for check in told if (each := _arn_of(check)))
    one = len(sentences) == 1 and bool(words)
    return {
        "death": sentences.pop() if one else None,
        "advice": explain_text(words[0], (cidr,) if cidr else ()).advice.rstrip(".")
        if one
        else None,
        "task": arns[0] if arns else None,
        "task_cluster": arns[0].split("/")[1] if arns and arns[0].count("/") > 1 else None,
    }


def _arn_of(check: Check) -> str | None:
    if check.vantage is None or not check.vantage.startswith(_TASK):
        return None
    return check.vantage.removeprefix(_TASK)
