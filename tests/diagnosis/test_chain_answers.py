"""What a chain was told in so many words is the cause: no network is looked at for it."""

from dataclasses import replace

import pytest
import red_worlds as world

from pytest_ecs_privatelink.claims.outcomes import told
from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link, Outcome
from pytest_ecs_privatelink.reporting.failure import failure_text
from pytest_ecs_privatelink.verdict import Cause, Cell, Check, Claim, Code, Verdict

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:2"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db/key-Ab12Cd"
PARAMETER = "arn:aws:ssm:eu-west-1:111122223333:parameter/shop/db/host"
EVERYWHERE = "private-a, private-b, private-c"
STANDS = {Claim.ECR_PULL: "ecr.dkr", Claim.AWSLOGS: "logs", Claim.SECRET: "secretsmanager"}


def refused(link: Link, action: str, by: Denier) -> Outcome:
    """Return a refusal, in AWS's words."""
    return Outcome(
        status=CallStatus.DENIED,
        link=link,
        denied_by=by,
        action=action,
        error="AccessDeniedException",
        detail=f"AccessDeniedException: not authorized to perform: {action}",
    )


def absent(link: Link, detail: str) -> Outcome:
    """Return what is said of a thing that is not there."""
    return Outcome(status=CallStatus.MISSING, link=link, detail=detail)


def red(claim: Claim, code: Code, errand: str, outcome: Outcome) -> tuple[Check, ...]:
    """Return the checks of a chain that ended with ``outcome`` in every subnet."""
    cells = (Cell(claim, subnet, STANDS[claim]) for subnet in world.SUBNETS)
    observed = f"{errand}: {told(outcome, ())}"
    return tuple(
        replace(world.check(each, Verdict.FAILED, code), subject=errand, observed=observed)
        for each in cells
    )


def cause_of(checks: tuple[Check, ...]) -> Cause:
    """Return the one cause of ``checks``."""
    (cause,) = rank_causes(checks, (), replace(world.ground(), account="111122223333"))
    return cause


TOKEN = refused(Link.AUTH, "ecr:GetAuthorizationToken", Denier.ORGANIZATION)
MANIFEST = refused(Link.MANIFEST, "ecr:BatchGetImage", Denier.RESOURCE)
LAYER = refused(Link.LAYER, "ecr:GetDownloadUrlForLayer", Denier.RESOURCE)
STREAM = refused(Link.STREAM, "logs:CreateLogStream", Denier.ORGANIZATION)
EVENT = refused(Link.EVENT, "logs:PutLogEvents", Denier.KMS)
VALUE = refused(Link.SECRET, "secretsmanager:GetSecretValue", Denier.KMS)

ORGANIZATION = (
    "a policy of the organization; look at service and resource control policies, in the "
    "organization's management account"
)
RESOURCE = "a resource-based policy; look at the policy of the resource itself"
KMS = "KMS; look at the key: whether it is enabled, and what its policy allows"
OF_ORGANIZATION = (
    "aws organizations list-policies-for-target --target-id 111122223333 "
    "--filter SERVICE_CONTROL_POLICY --region eu-west-1"
)
OF_REPOSITORY = (
    "aws ecr get-repository-policy --registry-id 111122223333 --repository-name shop/web "
    "--region eu-west-1"
)


@pytest.mark.parametrize(
    ("claim", "code", "errand", "outcome", "summary", "command"),
    [
        (
            Claim.ECR_PULL,
            Code.ECR_AUTH,
            IMAGE,
            TOKEN,
            f"{EVERYWHERE} get no token for the registry: ecr:GetAuthorizationToken was refused "
            f"by {ORGANIZATION}",
            OF_ORGANIZATION,
        ),
        (
            Claim.ECR_PULL,
            Code.ECR_MANIFEST,
            IMAGE,
            MANIFEST,
            f"{EVERYWHERE} get no manifest of {IMAGE}: ecr:BatchGetImage was refused by {RESOURCE}",
            OF_REPOSITORY,
        ),
        (
            Claim.ECR_PULL,
            Code.ECR_LAYER,
            IMAGE,
            LAYER,
            f"{EVERYWHERE} get no layers: ecr:GetDownloadUrlForLayer was refused by {RESOURCE}",
            OF_REPOSITORY,
        ),
        (
            Claim.AWSLOGS,
            Code.LOGS_DENIED,
            "/ecs/shop",
            STREAM,
            f"{EVERYWHERE} deliver no event to log group /ecs/shop: logs:CreateLogStream was "
            f"refused by {ORGANIZATION}",
            OF_ORGANIZATION,
        ),
        (
            Claim.AWSLOGS,
            Code.LOGS_DENIED,
            "/ecs/shop",
            EVENT,
            f"{EVERYWHERE} deliver no event to log group /ecs/shop: logs:PutLogEvents was refused "
            f"by {KMS}",
            "aws logs describe-log-groups --log-group-name-prefix /ecs/shop --region eu-west-1",
        ),
        (
            Claim.SECRET,
            Code.SECRET_DENIED,
            SECRET,
            VALUE,
            f"{EVERYWHERE} do not get {SECRET}: secretsmanager:GetSecretValue was refused by {KMS}",
            f"aws secretsmanager describe-secret --secret-id {SECRET} --region eu-west-1",
        ),
    ],
)
def test_a_refusal_is_the_cause_and_says_whose_it_is(
    claim: Claim, code: Code, errand: str, outcome: Outcome, summary: str, command: str
) -> None:
    """Who refused what, where to look for it, and no endpoint, group or zone beside it."""
    checks = red(claim, code, errand, outcome)
    cause = cause_of(checks)
    assert cause.summary == summary
    assert cause.remedy.cli[0] == command
    assert not [each for each in cause.remedy.cli if " ec2 " in each or " route53 " in each]
    advice = summary.partition("; look at ")[2]
    assert f"  look at: {advice}" in failure_text(checks[0]).splitlines()


@pytest.mark.parametrize(
    ("errand", "detail", "summary", "command"),
    [
        (
            SECRET,
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            f"secretsmanager has no {SECRET}: tasks in {EVERYWHERE} that name it do not start",
            "aws secretsmanager list-secrets --filters Key=name,Values=shop/db/ --region eu-west-1",
        ),
        (
            f"{SECRET}:user::",
            "the secret's value has no JSON key 'user'",
            f"the secret's value has no JSON key 'user': tasks in {EVERYWHERE} that name "
            f"{SECRET}:user:: do not start",
            "aws secretsmanager list-secrets --filters Key=name,Values=shop/db/ --region eu-west-1",
        ),
        (
            PARAMETER,
            "there is no parameter /shop/db/host",
            f"there is no parameter /shop/db/host: tasks in {EVERYWHERE} that name {PARAMETER} "
            "do not start",
            "aws ssm describe-parameters --parameter-filters "
            "Key=Name,Option=BeginsWith,Values=/shop/db/ --region eu-west-1",
        ),
    ],
)
def test_a_secret_that_is_not_there_comes_with_those_beside_it(
    errand: str, detail: str, summary: str, command: str
) -> None:
    """The command lists what is called alike, which shows a slip of the pen."""
    checks = red(Claim.SECRET, Code.SECRET_MISSING, errand, absent(Link.SECRET, detail))
    cause = cause_of(checks)
    look = "; look at the ARN or name in the task definition: its Region, its JSON key, its version"
    assert cause.summary == f"{summary}{look}"
    assert cause.remedy.cli == (command,)


def test_an_image_that_is_not_there_comes_with_its_neighbours() -> None:
    """The registry answered, so its tags are listed, and nothing of the network is."""
    gone = absent(Link.MANIFEST, "111122223333.dkr answered HTTP 404: Requested image not found: 2")
    cause = cause_of(red(Claim.ECR_PULL, Code.ECR_MANIFEST, IMAGE, gone))
    assert cause.summary == (
        f"the registry has no {IMAGE}: tasks in {EVERYWHERE} that name it do not start; look at "
        "its repository, its tag, its platform"
    )
    assert cause.remedy.cli == (
        "aws ecr list-images --registry-id 111122223333 --repository-name shop/web "
        "--region eu-west-1",
        "aws ecr describe-repositories --region eu-west-1",
    )


def test_what_was_refused_by_several_is_told_in_general() -> None:
    """Two refusals that differ have no word in common."""
    mixed = red(Claim.AWSLOGS, Code.LOGS_DENIED, "/ecs/shop", STREAM)[:2]
    other = red(Claim.AWSLOGS, Code.LOGS_DENIED, "/ecs/shop", EVENT)[2:]
    assert cause_of((*mixed, *other)).summary.endswith(
        "look at who refused it: a service control policy, a resource policy, the log group's KMS "
        "key"
    )


def test_silence_keeps_its_network_to_look_at() -> None:
    """A registry that was not heard may be behind a group or a zone."""
    silent = Outcome(status=CallStatus.TIMEOUT, link=Link.AUTH, phase="connect")
    cause = cause_of(red(Claim.ECR_PULL, Code.ECR_AUTH, IMAGE, silent))
    assert "what answers in the endpoint's place" in cause.summary
    assert cause.remedy.cli[0].startswith("aws ec2 describe-vpc-endpoints ")
