"""Each fault of the start-up chain ends the real probe's chain as it promises, and no other."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from twin_rehearsal import plan_of
from twin_snapshots import MANY_SERVICES, healthy, second_subnet_behind_nat

from pytest_ecs_privatelink.lab.cloud import Cloud
from pytest_ecs_privatelink.lab.images import lab_image
from pytest_ecs_privatelink.lab.plan.addresses import address_elsewhere
from pytest_ecs_privatelink.lab.twin import Twin
from pytest_ecs_privatelink.lab.twin_faults import CHAIN_CODES, TwinFault, layer_host_elsewhere
from pytest_ecs_privatelink.probes.call_records import (
    CallAnswer,
    CallQuestion,
    CallStatus,
    Credentials,
    Denier,
    Link,
    LogQuestion,
    PullAnswer,
    PullQuestion,
    SecretQuestion,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code

SUBNET, REGION = "subnet-1", "us-east-1"
HEALTHY = healthy(subnets=3, services=MANY_SERVICES)
KEYS = Credentials(access_key="lab", secret_key="lab")

PULL = PullQuestion(
    image=f"123456789012.dkr.ecr.{REGION}.amazonaws.com/app:latest",
    api=f"api.ecr.{REGION}.amazonaws.com",
    region=REGION,
)
LOG = LogQuestion(
    host=f"logs.{REGION}.amazonaws.com",
    region=REGION,
    group="/lab",
    stream="a",
    message="hello",
    run="run",
    patience=1.0,
)
FETCH = SecretQuestion(
    host=f"secretsmanager.{REGION}.amazonaws.com",
    region=REGION,
    service="secretsmanager",
    reference="token",
)
ENDS: dict[Code, tuple[CallQuestion, CallStatus, Link, Denier | None]] = {
    Code.ECR_AUTH: (PULL, CallStatus.DENIED, Link.AUTH, Denier.ORGANIZATION),
    Code.ECR_MANIFEST: (PULL, CallStatus.MISSING, Link.MANIFEST, None),
    Code.ECR_LAYER: (PULL, CallStatus.TIMEOUT, Link.LAYER, None),
    Code.ECR_DIGEST: (PULL, CallStatus.DIGEST, Link.LAYER, None),
    Code.LOGS_UNREACHABLE: (LOG, CallStatus.TIMEOUT, Link.STREAM, None),
    Code.LOGS_DENIED: (LOG, CallStatus.DENIED, Link.STREAM, Denier.ORGANIZATION),
    Code.LOGS_GROUP_MISSING: (LOG, CallStatus.MISSING, Link.STREAM, None),
    Code.LOGS_NOT_DELIVERED: (LOG, CallStatus.NOT_DELIVERED, Link.READ_BACK, None),
    Code.SECRET_UNREACHABLE: (FETCH, CallStatus.TIMEOUT, Link.SECRET, None),
    Code.SECRET_DENIED: (FETCH, CallStatus.DENIED, Link.SECRET, Denier.KMS),
    Code.SECRET_MISSING: (FETCH, CallStatus.MISSING, Link.SECRET, None),
}


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run a cloud with the image, a log group and a secret; return its Unix socket."""
    path = tmp_path_factory.mktemp("c") / "s"
    with Cloud.launch(path) as cloud:
        cloud.wait()
        session = cloud.session()
        session.client("logs").create_log_group(logGroupName="/lab")
        session.client("secretsmanager").create_secret(Name="token", SecretString="of nobody")
        ecr = session.client("ecr")
        ecr.create_repository(repositoryName="app")
        index = lab_image().index
        ecr.put_image(
            repositoryName="app",
            imageManifest=index.content.decode(),
            imageManifestMediaType=index.media_type,
            imageTag="latest",
        )
        yield path


def ask(
    socket: Path,
    *questions: CallQuestion,
    faults: tuple[TwinFault, ...] = (),
    snapshot: Snapshot = HEALTHY,
) -> list[CallAnswer]:
    """Ask all at once on a host of the twin of ``snapshot`` with ``faults``."""
    plan = replace(plan_of(snapshot, faults=faults), cloud=str(socket))

    async def gather(twin: Twin) -> list[CallAnswer]:
        vantage = twin.vantages[SUBNET]
        asked = (replace(each, ca_file=str(twin.ca_file), timeout=2.0) for each in questions)
        found = await asyncio.gather(*(vantage.ask(each, KEYS) for each in asked))
        await vantage.close()
        return [each for each in found if isinstance(each, CallAnswer)]

    with Twin.launch() as twin:
        twin.build(plan)
        return asyncio.run(gather(twin))


def test_without_a_fault_every_chain_comes_to_its_end(socket: Path) -> None:
    """The image arrives whole, the event is shown, the secret is fetched."""
    pull, log, secret = ask(socket, PULL, LOG, FETCH)

    assert {each.outcome.status for each in (pull, log, secret)} == {CallStatus.OK}
    assert isinstance(pull, PullAnswer)
    assert pull.layers == 5


def test_every_chain_code_is_here() -> None:
    """No fault of the chain goes untested; the layers' path has a test of its own."""
    assert set(ENDS) | {Code.ECR_LAYER_PATH} == set(CHAIN_CODES)


@pytest.mark.parametrize("code", ENDS)
def test_chain_fault(socket: Path, code: Code) -> None:
    """The chain ends at its link, with its status and whose refusal it was; the others go on."""
    question, status, link, denier = ENDS[code]
    others = [each for each in (PULL, LOG, FETCH) if each is not question]

    answer, *spared = ask(
        socket,
        replace(question, stream=str(code)) if isinstance(question, LogQuestion) else question,
        *(
            replace(each, stream=f"{code}-") if isinstance(each, LogQuestion) else each
            for each in others
        ),
        faults=(TwinFault(code),),
    )

    ended = answer.outcome
    assert (ended.status, ended.link, ended.denied_by) == (status, link, denier)
    assert {each.outcome.status for each in spared} == {CallStatus.OK}


def test_layers_from_elsewhere(socket: Path) -> None:
    """They arrive, from a host of S3 whose address is in none of its prefix list's ranges."""
    (pull,) = ask(
        socket,
        PULL,
        faults=(TwinFault(Code.ECR_LAYER_PATH),),
        snapshot=second_subnet_behind_nat(HEALTHY),
    )

    assert pull.outcome.status is CallStatus.OK
    layers = {(hop.host, hop.addresses) for hop in pull.hops if hop.host.startswith("elsewhere-")}
    assert layers == {(layer_host_elsewhere(REGION), (address_elsewhere(),))}
