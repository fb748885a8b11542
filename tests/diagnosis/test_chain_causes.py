"""A chain that a path ended is no break of its own; what only the chain met is one."""

from dataclasses import replace

import pytest
import red_worlds as world

from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.verdict import Cause, Cell, Check, Claim, Code, Severity, Verdict

PULL, AWSLOGS, FETCH = Claim.ECR_PULL, Claim.AWSLOGS, Claim.SECRET
FAILED, WARNED, PASSED, ERROR = Verdict.FAILED, Verdict.WARNED, Verdict.PASSED, Verdict.ERROR
A = "subnet-a"
STANDS = {PULL: "ecr.dkr", AWSLOGS: "logs", FETCH: "secretsmanager"}


def chain(claim: Claim, verdict: Verdict, code: Code | None = None, subnet: str = A) -> Check:
    """Return the check of a chain's cell."""
    return world.check(Cell(claim, subnet, STANDS[claim]), verdict, code)


def path(service: str, verdict: Verdict, code: Code, subnet: str = A) -> Check:
    """Return the check of a path's cell."""
    return world.check(Cell(world.TCP, subnet, service), verdict, code)


def told(causes: tuple[Cause, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return code, subject and explained checks of each cause."""
    return [(each.code, each.subject, each.explains) for each in causes]


@pytest.mark.parametrize(
    ("claim", "code", "service"),
    [
        (PULL, Code.ECR_AUTH, "ecr.api"),
        (PULL, Code.ECR_MANIFEST, "ecr.dkr"),
        (PULL, Code.ECR_LAYER, "s3"),
        (PULL, Code.ECR_LAYER_PATH, "s3"),
        (AWSLOGS, Code.LOGS_UNREACHABLE, "logs"),
        (FETCH, Code.SECRET_UNREACHABLE, "secretsmanager"),
    ],
)
def test_a_chain_that_broke_where_a_path_did_is_the_same_break(
    claim: Claim, code: Code, service: str
) -> None:
    """One endpoint, one cause, with the path's code."""
    broken = path(service, FAILED, Code.TCP_TIMEOUT)
    checks = (broken, chain(claim, FAILED, code))
    (cause,) = rank_causes(checks, (), world.ground())
    assert cause.code is Code.TCP_TIMEOUT
    assert cause.explains == tuple(sorted(each.id for each in checks))


def test_a_chain_follows_the_finding_of_its_path_not_another_one() -> None:
    """Two findings block it: the one at the link where it ended explains it."""
    api, s3 = Cell(world.TCP, A, "ecr.api"), Cell(world.TCP, A, "s3")
    pull = Cell(PULL, A, "ecr.dkr")
    findings = (
        world.finding(Code.ENDPOINT_SG_INGRESS, "sg-api", (api, pull)),
        world.finding(Code.S3_GATEWAY_MISSING, "s3", (s3, pull)),
    )
    checks = (
        path("ecr.api", FAILED, Code.TCP_TIMEOUT),
        path("s3", FAILED, Code.TCP_TIMEOUT),
        chain(PULL, FAILED, Code.ECR_LAYER),
    )
    causes = rank_causes(checks, findings, world.ground())
    assert {each.code: len(each.explains) for each in causes} == {
        "endpoint-sg-ingress": 1,
        "s3-gateway-missing": 2,
    }


def test_a_chain_that_took_its_paths_code_follows_it() -> None:
    """What works over a public path warns as the path does, and is explained with it."""
    name = world.check(Cell(world.DNS, A, "logs"), WARNED, Code.DNS_PUBLIC_ANSWER)
    works = chain(AWSLOGS, WARNED, Code.DNS_PUBLIC_ANSWER)
    (cause,) = rank_causes((name, works), (), world.ground())
    assert (cause.code, cause.severity) == (Code.DNS_PUBLIC_ANSWER, Severity.WARNING)
    assert cause.explains == (works.id, name.id)


def test_a_chain_that_could_not_be_judged_follows_its_path() -> None:
    """Groups that differ are told once."""
    checks = (
        path("logs", ERROR, Code.VANTAGE_GROUP_DIFFERS),
        chain(AWSLOGS, ERROR, Code.VANTAGE_GROUP_DIFFERS),
    )
    (cause,) = rank_causes(checks, (), world.ground())
    assert len(cause.explains) == 2


def test_a_path_that_merely_warned_broke_nothing() -> None:
    """A chain that fails where its path is only public has another break."""
    public = path("logs", WARNED, Code.DNS_PUBLIC_ANSWER)
    silent = chain(AWSLOGS, FAILED, Code.LOGS_UNREACHABLE)
    causes = rank_causes((public, silent), (), world.ground())
    assert told(causes) == [
        ("logs-unreachable", "vpce-logs", (silent.id,)),
        ("dns-public-answer", "vpce-logs", (public.id,)),
    ]


@pytest.mark.parametrize(
    ("claim", "code", "subject", "summary"),
    [
        (
            PULL,
            Code.ECR_AUTH,
            "vpce-ecr.api",
            "private-a, private-b, private-c get no token for the registry from ecr.api; look at "
            "what answers in the endpoint's place (a proxy, a hosted zone's record), then its "
            "security group and the network ACLs",
        ),
        (
            PULL,
            Code.ECR_MANIFEST,
            "vpce-ecr.dkr",
            "private-a, private-b, private-c get no manifest of the images from ecr.dkr; look at "
            "whether the image is there by that tag and for that platform, the repository's "
            "policy, then what answers in the endpoint's place",
        ),
        (
            PULL,
            Code.ECR_LAYER,
            "rtb-1",
            "image layers do not arrive in private-a, private-b, private-c by way of vpce-s3; "
            "look at its policy (it has to allow s3:GetObject on the Region's layer bucket), its "
            "route tables, then the tasks' outbound rules to S3",
        ),
        (
            PULL,
            Code.ECR_LAYER_PATH,
            "rtb-1",
            "image layers arrive in private-a, private-b, private-c, but not by way of an S3 "
            "endpoint of vpc-1; look at the gateway endpoint's route tables, and who answers for "
            "the layer bucket's name",
        ),
        (
            PULL,
            Code.ECR_DIGEST,
            "vpce-ecr.dkr",
            "parts of images arrive in private-a, private-b, private-c as other bytes than "
            "were pushed; look at a proxy or cache on the way that changes what it carries; else "
            "push the image again",
        ),
        (
            AWSLOGS,
            Code.LOGS_UNREACHABLE,
            "vpce-logs",
            "CloudWatch Logs (logs) takes no event from private-a, private-b, private-c; look at "
            "what answers in the endpoint's place (a proxy, a hosted zone's record), then its "
            "security group and the network ACLs",
        ),
        (
            AWSLOGS,
            Code.LOGS_DENIED,
            "vpce-logs",
            "CloudWatch Logs (logs) refuses events from private-a, private-b, private-c; look at "
            "who refused it: a service control policy, a resource policy, the log group's KMS "
            "key",
        ),
        (
            AWSLOGS,
            Code.LOGS_GROUP_MISSING,
            "vpce-logs",
            "log groups that tasks in private-a, private-b, private-c name are not there: they do "
            "not start; look at the names in the task definitions; else create them, or let "
            "awslogs-create-group do it",
        ),
        (
            AWSLOGS,
            Code.LOGS_NOT_DELIVERED,
            "vpce-logs",
            "logs accepted an event from private-a, private-b, private-c and never showed it; "
            "look at the log group's class and its transformer; a longer --ecs-timeout waits "
            "longer",
        ),
        (
            FETCH,
            Code.SECRET_UNREACHABLE,
            "secretsmanager",
            "secretsmanager cannot be asked for what tasks fetch, from private-a, private-b, "
            "private-c; look at what answers in the endpoint's place (a proxy, a hosted zone's "
            "record), then its security group and the network ACLs",
        ),
        (
            FETCH,
            Code.SECRET_DENIED,
            "secretsmanager",
            "secretsmanager refuses private-a, private-b, private-c what tasks fetch; look at "
            "who refused it: the secret's resource policy, its KMS key, a service control policy",
        ),
        (
            FETCH,
            Code.SECRET_MISSING,
            "secretsmanager",
            "secretsmanager has not what tasks fetch in private-a, private-b, private-c: they do "
            "not start; look at the ARN or name in the task definition: its Region, its JSON "
            "key, its version",
        ),
        (
            AWSLOGS,
            Code.ENDPOINT_POLICY_DENIES,
            "vpce-logs",
            "a VPC endpoint policy refuses what tasks call through logs from private-a, "
            "private-b, private-c; look at the policies of the endpoints that the chain goes "
            "through",
        ),
    ],
)
def test_what_only_the_chain_met_is_told_at_the_link_that_ended_it(
    claim: Claim, code: Code, subject: str, summary: str
) -> None:
    """Healthy paths, and a chain that fails in every subnet: one cause in words of its own."""
    checks = (
        *world.run_with((), code),
        *(chain(claim, FAILED, code, subnet) for subnet in world.SUBNETS),
    )
    (cause,) = rank_causes(checks, (), world.ground())
    assert (cause.code, cause.subject, cause.summary) == (code, subject, summary)
    assert len(cause.explains) == 3


@pytest.mark.parametrize(
    ("claim", "code", "errand", "summary", "command"),
    [
        (
            PULL,
            Code.ECR_MANIFEST,
            "shop/web:2",
            "private-a, private-b, private-c get no manifest of shop/web:2; look at whether it is "
            "there by that tag and for that platform, the repository's policy, then what answers "
            "in the endpoint's place",
            "aws ecr describe-repositories --region eu-west-1",
        ),
        (
            PULL,
            Code.ECR_DIGEST,
            "shop/web:2",
            "parts of shop/web:2 arrive in private-a, private-b, private-c as other bytes than "
            "were pushed; look at a proxy or cache on the way that changes what it carries; else "
            "push the image again",
            "aws ec2 describe-route-tables --route-table-ids rtb-1 --region eu-west-1",
        ),
        (
            AWSLOGS,
            Code.LOGS_DENIED,
            "/ecs/shop",
            "CloudWatch Logs refuses events for log group /ecs/shop from private-a, private-b, "
            "private-c; look at who refused it: a service control policy, a resource policy, the "
            "log group's KMS key",
            "aws logs describe-log-groups --log-group-name-prefix /ecs/shop --region eu-west-1",
        ),
        (
            AWSLOGS,
            Code.LOGS_GROUP_MISSING,
            "/ecs/shop",
            "there is no log group /ecs/shop: tasks in private-a, private-b, private-c that name "
            "it do not start; create it, mend the name in the task definition, or let "
            "awslogs-create-group do it",
            "aws logs create-log-group --log-group-name /ecs/shop --region eu-west-1",
        ),
        (
            AWSLOGS,
            Code.LOGS_NOT_DELIVERED,
            "/ecs/shop",
            "log group /ecs/shop accepted an event from private-a, private-b, private-c and never "
            "showed it; look at its class and its transformer; a longer --ecs-timeout waits longer",
            "aws logs describe-log-groups --log-group-name-prefix /ecs/shop --region eu-west-1",
        ),
        (
            FETCH,
            Code.SECRET_DENIED,
            "shop/key",
            "secretsmanager refuses private-a, private-b, private-c shop/key; look at who refused "
            "it: the secret's resource policy, its KMS key, a service control policy",
            "aws secretsmanager describe-secret --secret-id shop/key --region eu-west-1",
        ),
        (
            FETCH,
            Code.SECRET_MISSING,
            "shop/key",
            "secretsmanager has no shop/key: tasks in private-a, private-b, private-c that name it "
            "do not start; look at the ARN or name in the task definition: its Region, its JSON "
            "key, its version",
            "aws secretsmanager list-secrets --filters Key=name,Values=shop/ --region eu-west-1",
        ),
    ],
)
def test_one_thing_that_is_wrong_is_named(
    claim: Claim, code: Code, errand: str, summary: str, command: str
) -> None:
    """Where every subnet failed with the same image, group or secret, that is the subject."""
    checks = (
        *world.run_with((), code),
        *(replace(chain(claim, FAILED, code, each), subject=errand) for each in world.SUBNETS),
    )
    (cause,) = rank_causes(checks, (), world.ground())
    assert (cause.subject, cause.summary) == (errand, summary)
    assert cause.remedy.cli[0] == command
    assert len(cause.explains) == 3


def test_a_thing_that_arrives_elsewhere_is_not_to_blame() -> None:
    """One subnet alone failed with it: that subnet is the subject."""
    group = "/ecs/shop"
    checks = (
        replace(chain(AWSLOGS, FAILED, Code.LOGS_NOT_DELIVERED), subject=group),
        replace(chain(AWSLOGS, PASSED, subnet="subnet-b"), subject=group),
        replace(chain(AWSLOGS, PASSED, subnet="subnet-c"), subject=group),
    )
    (cause,) = rank_causes(checks, (), world.ground())
    assert cause.subject == A


def test_a_name_is_quoted_in_commands() -> None:
    """Log groups may be called what a shell would read; Terraform reads it as it is."""
    lost = replace(chain(AWSLOGS, FAILED, Code.LOGS_GROUP_MISSING), subject="#shop")
    (cause,) = rank_causes((lost,), (), world.ground())
    assert cause.remedy.cli == (
        "aws logs create-log-group --log-group-name '#shop' --region eu-west-1",
    )
    assert '  name = "#shop"' in cause.remedy.terraform


def test_a_policy_finding_explains_what_it_refuses() -> None:
    """It blocks no path: the chain's own red cells are its, and passing ones disprove it."""
    cells = tuple(Cell(AWSLOGS, each, "logs") for each in world.SUBNETS)
    held = world.finding(Code.ENDPOINT_POLICY_DENIES, "vpce-logs", cells)
    refused = tuple(world.check(each, FAILED, Code.ENDPOINT_POLICY_DENIES) for each in cells)
    (cause,) = rank_causes(refused, (held,), world.ground())
    assert (cause.subject, len(cause.explains)) == ("vpce-logs", 3)
    fine = tuple(world.check(each, PASSED) for each in cells)
    assert rank_causes(fine, (held,), world.ground()) == ()


def test_a_policy_against_tasks_roles_is_not_disproved_by_the_runner() -> None:
    """Its calls are another's: that they pass says nothing of tasks."""
    cells = tuple(Cell(AWSLOGS, each, "logs") for each in world.SUBNETS)
    held = world.finding(Code.ENDPOINT_POLICY_DENIES, "vpce-logs", cells)
    fine = tuple(world.check(each, PASSED) for each in cells)
    (cause,) = rank_causes(fine, (replace(held, of_others=True),), world.ground())
    assert (cause.code, cause.explains) == (Code.ENDPOINT_POLICY_DENIES, ())


def test_a_policy_that_hides_behind_a_broken_path_is_told_beside_it() -> None:
    """Whoever mends the path alone would meet the policy next."""
    held = world.finding(Code.ENDPOINT_POLICY_DENIES, "vpce-logs", (Cell(AWSLOGS, A, "logs"),))
    checks = (
        path("logs", FAILED, Code.TCP_TIMEOUT),
        chain(AWSLOGS, FAILED, Code.LOGS_UNREACHABLE),
    )
    causes = rank_causes(checks, (held,), world.ground())
    assert [(each.code, len(each.explains)) for each in causes] == [
        (Code.TCP_TIMEOUT, 2),
        (Code.ENDPOINT_POLICY_DENIES, 0),
    ]


def test_paths_that_passed_disprove_a_finding_whatever_became_of_the_chain() -> None:
    """A chain may have ended elsewhere, or not have been tried."""
    cells = (
        Cell(world.DNS, A, "logs"),
        Cell(world.TCP, A, "logs"),
        Cell(AWSLOGS, A, "logs"),
    )
    held = world.finding(Code.ENDPOINT_SG_INGRESS, "sg-logs", cells)
    paths = tuple(world.check(each, PASSED) for each in cells[:2])
    skipped = replace(chain(AWSLOGS, Verdict.SKIPPED), reason="path proven")
    assert rank_causes((*paths, skipped), (held,), world.ground()) == ()
