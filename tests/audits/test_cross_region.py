"""The audits of task definitions that reach into another Region (R9, R16)."""

import pytest
from audit_clusters import (
    ARN,
    IGW,
    NAT,
    TRANSIT,
    container,
    definition,
    placement,
    refused,
    running,
)
from audit_worlds import BOTH, EC2, FARGATE, OWNER, endpoint, heads, scene, without

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.cluster import Container, EcsService, Secret
from pytest_ecs_privatelink.topology.model import Endpoint, HostedZone, RouteTarget, Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

E, W = Severity.ERROR, Severity.WARNING
FAR = "eu-west-1"
FAR_IMAGE = f"{OWNER}.dkr.ecr.{FAR}.amazonaws.com/team/app:2"
FAR_SECRET = f"arn:aws:secretsmanager:{FAR}:{OWNER}:secret:prod/token-AbCdEf"
FAR_PARAMETER = f"arn:aws:ssm:{FAR}:{OWNER}:parameter/prod/url"
OWN_SECRET = f"arn:aws:secretsmanager:us-west-2:{OWNER}:secret:prod/token-AbCdEf"
IMAGE, LOGS, SECRET = (
    Code.CROSS_REGION_IMAGE,
    Code.CROSS_REGION_LOGS,
    Code.CROSS_REGION_SECRET,
)


def with_secret(reference: str, purpose: str = "value") -> Container:
    """Return a container with a secret."""
    return container(secrets=(Secret(reference=reference, purpose=purpose),))


def logging(
    region: str | None, driver: str = "awslogs", group: str | None = "/ecs/web"
) -> Container:
    """Return a container that logs to a Region."""
    return container(log_driver=driver, log_region=region, log_group=group)


def far(region: str, service: str) -> Endpoint:
    """Return a cross-Region endpoint."""
    return endpoint(service, region=region, id=f"vpce-far-{service}", service_region=region)


def only(*containers: Container, way_out: RouteTarget | None = None) -> Finding:
    """Return the single finding of web:3 with these containers."""
    (finding,) = run_audits(scene(running(definition(*containers), way_out=way_out), FARGATE))
    return finding


@pytest.mark.parametrize(
    ("reaching", "code"),
    [
        (container(image=FAR_IMAGE), IMAGE),
        (container(image=f"{OWNER}.dkr-ecr.{FAR}.on.aws/app"), IMAGE),
        (logging(FAR), LOGS),
        (logging("us-wset-2"), LOGS),
        (with_secret(FAR_SECRET), SECRET),
        (with_secret(f"{FAR_SECRET}:key::"), SECRET),
        (with_secret(FAR_PARAMETER), SECRET),
        (with_secret(FAR_SECRET, "registry"), SECRET),
        (with_secret(FAR_SECRET, "log option"), SECRET),
        (container(), None),
        (container(image="nginx"), Code.IMAGE_REGISTRY_PUBLIC),
        (logging("us-west-2"), None),
        (logging(None), None),
        (logging(FAR, driver="splunk"), None),
        (with_secret(OWN_SECRET), None),
        (with_secret("plain-parameter"), None),
        (with_secret("/plain/parameter"), None),
        (with_secret("arn:aws:ssm"), None),
        (with_secret("arn:aws:secretsmanager::1:secret:x"), None),
    ],
)
def test_whatever_names_another_region_is_found(reaching: Container, code: Code | None) -> None:
    """Names without a Region are the task's own Region's."""
    found = run_audits(scene(running(definition(reaching)), FARGATE))
    assert [each.code for each in found] == ([code] if code else [])


@pytest.mark.parametrize("code", [IMAGE, LOGS, SECRET])
@pytest.mark.parametrize(
    ("way_out", "require_private", "severity"),
    [(None, False, E), (NAT, False, W), (NAT, True, E), (IGW, False, E), (TRANSIT, False, W)],
)
def test_the_way_out_decides_how_grave_it_is(
    code: Code, way_out: RouteTarget | None, require_private: bool, severity: Severity
) -> None:
    """A public path reaches other Regions: no internet gateway for tasks without an address."""
    reaching = {
        IMAGE: container(image=FAR_IMAGE),
        LOGS: logging(FAR),
        SECRET: with_secret(FAR_SECRET),
    }[code]
    snapshot = running(definition(reaching), way_out=way_out)
    found = run_audits(scene(snapshot, FARGATE, require_private=require_private))
    assert heads(found) == [(code, severity, "web:3")]


@pytest.mark.parametrize(
    ("endpoints", "served"),
    [
        ((far(FAR, "ecr.api"), far(FAR, "ecr.dkr")), True),
        ((far(FAR, "ecr.api"),), False),
        ((far("eu-west-2", "ecr.api"), far("eu-west-2", "ecr.dkr")), False),
    ],
)
def test_a_cross_region_endpoint_serves_an_image(
    endpoints: tuple[Endpoint, ...], served: bool
) -> None:
    """AWS offers both ECR services across Regions; one of them is no pull."""
    snapshot = running(definition(container(image=FAR_IMAGE)), endpoints=(*without(), *endpoints))
    codes = {each.code for each in run_audits(scene(snapshot, FARGATE))}
    assert codes == (set() if served else {IMAGE})


@pytest.mark.parametrize(("service", "code"), [("logs", LOGS), ("secretsmanager", SECRET)])
def test_what_aws_does_not_offer_across_regions_serves_nothing(service: str, code: Code) -> None:
    """An endpoint that says so all the same is a copied one."""
    containers = (logging(FAR),) if code is LOGS else (with_secret(FAR_SECRET),)
    snapshot = running(definition(*containers), endpoints=(*without(), far(FAR, service)))
    assert code in {each.code for each in run_audits(scene(snapshot, FARGATE))}


def test_one_line_names_the_image() -> None:
    """The commands copy it into the own Region and account."""
    finding = only(container(image=FAR_IMAGE))
    assert finding.summary == (
        "task definition web:3 is used in us-west-2 and reaches into eu-west-1 for the image of "
        "app: endpoints do not serve other Regions, and there is no other way out of private-a, "
        "private-b, private-c"
    )
    assert finding.expected == "in us-west-2"
    assert finding.observed == f"in eu-west-1: {FAR_IMAGE}"
    assert finding.blocks == ()
    assert finding.launch_types == FARGATE
    copy = f"{OWNER}.dkr.ecr.us-west-2.amazonaws.com/team/app:2"
    assert finding.remedy.cli == (
        "aws ecr create-repository --region us-west-2 --repository-name team/app",
        f"# logged in to both registries: docker pull {FAR_IMAGE}; docker tag {FAR_IMAGE} {copy};"
        f" docker push {copy}",
        f"# then in a new revision of web:3: image {copy}",
    )
    assert finding.remedy.terraform == (
        'resource "aws_ecr_repository" "team_app" {\n  name = "team/app"\n}'
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
    )


def test_one_line_names_the_logs() -> None:
    """Behind NAT it works, off the private path."""
    finding = only(logging(FAR), way_out=NAT)
    assert finding.summary == (
        "task definition web:3 is used in us-west-2 and reaches into eu-west-1 for the logs of "
        "app: endpoints do not serve other Regions, and private-a, private-b, private-c can reach "
        "it only through NAT, off the private path"
    )
    assert finding.observed == "in eu-west-1: /ecs/web"
    assert finding.remedy.cli == (
        "aws logs create-log-group --region us-west-2 --log-group-name /ecs/web",
        "# then in a new revision of web:3: awslogs-region us-west-2",
    )
    assert finding.remedy.terraform == (
        'resource "aws_cloudwatch_log_group" "ecs_web" {\n  name = "/ecs/web"\n}'
    )


def test_a_log_group_that_is_not_named_stays_a_word() -> None:
    """Nobody can know it."""
    finding = only(logging(FAR, group=None))
    assert finding.observed == "in eu-west-1: a log group"
    assert finding.remedy.cli[0].endswith("--log-group-name LOG_GROUP")


def test_one_line_names_the_secret() -> None:
    """AWS replicates it; the value is nowhere."""
    finding = only(with_secret(f"{FAR_SECRET}:key::"))
    assert finding.summary == (
        "task definition web:3 is used in us-west-2 and reaches into eu-west-1 for a secret of "
        "app: endpoints do not serve other Regions, and there is no other way out of private-a, "
        "private-b, private-c"
    )
    assert finding.observed == f"in eu-west-1: {FAR_SECRET}:key::"
    assert finding.remedy.cli == (
        "aws secretsmanager replicate-secret-to-regions --region eu-west-1"
        f" --secret-id {FAR_SECRET} --add-replica-regions Region=us-west-2",
        f"# then in a new revision of web:3: valueFrom {OWN_SECRET}:key::",
    )
    assert finding.remedy.terraform == (
        'resource "aws_secretsmanager_secret" "prod_token" {\n'
        '  name = "prod/token"\n'
        "  replica {\n"
        '    region = "us-west-2"\n'
        "  }\n"
        "}"
    )


def test_a_parameter_is_copied_unseen() -> None:
    """Its value goes from one command into the other."""
    finding = only(with_secret(FAR_PARAMETER))
    assert finding.remedy.cli == (
        "aws ssm put-parameter --region us-west-2 --name /prod/url --type SecureString --value"
        ' "$(aws ssm get-parameter --region eu-west-1 --name /prod/url --with-decryption'
        ' --query Parameter.Value --output text)"',
        "# then in a new revision of web:3: valueFrom"
        f" arn:aws:ssm:us-west-2:{OWNER}:parameter/prod/url",
    )
    assert finding.remedy.terraform == (
        'resource "aws_ssm_parameter" "prod_url" {\n'
        '  name  = "/prod/url"\n'
        '  type  = "SecureString"\n'
        "  value = var.prod_url\n"
        "}"
    )


def test_one_region_is_one_finding_for_all_containers() -> None:
    """Two Regions are two."""
    other = f"{OWNER}.dkr.ecr.eu-north-1.amazonaws.com/app"
    containers = (
        container(image=FAR_IMAGE),
        container("proxy", image=FAR_IMAGE),
        container("agent", image=other),
    )
    found = run_audits(scene(running(definition(*containers)), FARGATE))
    assert [each.observed for each in found] == [
        f"in eu-north-1: {other}",
        f"in eu-west-1: {FAR_IMAGE}",
    ]
    assert "for the image of app, the image of proxy: " in found[1].summary
    assert len(found[1].remedy.cli) == 3


def test_a_zone_for_the_far_name_leaves_it_to_probes() -> None:
    """A hub may share an endpoint of that Region."""
    zone = HostedZone(id="Z1", name=f"secretsmanager.{FAR}.amazonaws.com", records=None)
    sight = scene(running(definition(with_secret(FAR_SECRET)), hosted_zones=(zone,)), FARGATE)
    assert run_audits(sight) == ()
    assert unseen(sight) == (
        Unseen(
            code=SECRET,
            subject="web:3",
            reason=f"hosted zone Z1 (secretsmanager.{FAR}.amazonaws.com) may answer for {FAR}: "
            "only probing can tell",
        ),
    )


def test_a_zone_for_half_of_a_pull_answers_nothing() -> None:
    """The token comes privately, and the manifest does not."""
    zone = HostedZone(id="Z1", name=f"api.ecr.{FAR}.amazonaws.com", records=None)
    snapshot = running(definition(container(image=FAR_IMAGE)), hosted_zones=(zone,))
    assert heads(run_audits(scene(snapshot, FARGATE))) == [(IMAGE, E, "web:3")]


def test_ways_out_that_could_not_be_read_leave_it_unknown() -> None:
    """How grave it is depends on them."""
    snapshot = running(
        definition(logging(FAR)),
        route_tables=None,
        unreadable=refused("route_tables", "ec2:DescribeRouteTables"),
    )
    sight = scene(snapshot, FARGATE)
    assert LOGS not in {each.code for each in run_audits(sight)}
    (told,) = (each for each in unseen(sight) if each.code is LOGS)
    assert (told.subject, told.reason, told.permissions) == (
        "web:3",
        "it reaches into eu-west-1, and the ways out could not be read: "
        "missing permission ec2:DescribeRouteTables",
        ("ec2:DescribeRouteTables",),
    )


def test_definitions_that_could_not_be_read_leave_all_three_unknown() -> None:
    """Never green, and the missing permission is named."""
    snapshot = running(
        of_cluster={"task_definitions": None},
        unreadable=refused("cluster.task_definitions", "ecs:DescribeTaskDefinition"),
    )
    told = [each for each in unseen(scene(snapshot, FARGATE)) if each.code in (IMAGE, LOGS, SECRET)]
    assert told == [
        Unseen(
            code=code,
            subject="prod",
            reason="task definitions could not be read: missing permission "
            "ecs:DescribeTaskDefinition",
            permissions=("ecs:DescribeTaskDefinition",),
        )
        for code in (IMAGE, LOGS, SECRET)
    ]


def services(*kinds: LaunchType) -> tuple[EcsService, ...]:
    """Return an ECS service that places web:3 as each launch type, on EC2 without awsvpc."""
    return (
        EcsService(
            name="web",
            placements=tuple(
                placement(
                    launch_type=kind,
                    subnets=("subnet-a",) if kind is LaunchType.FARGATE else (),
                )
                for kind in kinds
            ),
        ),
    )


def told_of(snapshot: Snapshot, launch_types: tuple[LaunchType, ...]) -> list[tuple[str, object]]:
    """Return the places that findings name, and their launch types."""
    return [
        (each.summary.rpartition("out of ")[2], each.launch_types)
        for each in run_audits(scene(snapshot, launch_types))
    ]


@pytest.mark.parametrize(
    ("kinds", "asked", "told"),
    [
        (FARGATE, BOTH, [("private-a", FARGATE)]),
        (FARGATE, EC2, []),
        (EC2, BOTH, [("private-a, private-b, private-c", EC2)]),
        (EC2, FARGATE, []),
        (BOTH, BOTH, [("private-a, private-b, private-c", BOTH)]),
        ((), BOTH, [("private-a, private-b, private-c", BOTH)]),
    ],
)
def test_where_and_as_what_its_tasks_run_decides(
    kinds: tuple[LaunchType, ...],
    asked: tuple[LaunchType, ...],
    told: list[tuple[str, object]],
) -> None:
    """Without awsvpc tasks stand where instances do; what is not known is everywhere."""
    snapshot = running(definition(logging(FAR)), of_cluster={"services": services(*kinds)})
    assert told_of(snapshot, asked) == told


def test_each_task_definition_is_told_apart() -> None:
    """The one that is not in use in a subnet under test is not told."""
    api = definition(logging(FAR), arn=f"{ARN}:task-definition/api:7")
    elsewhere = placement(task_definition=api.arn, subnets=("subnet-pub",))
    both = (
        EcsService(name="web", placements=(placement(),)),
        EcsService(name="api", placements=(elsewhere,)),
    )
    snapshot = running(definition(logging(FAR)), api, of_cluster={"services": both})
    assert heads(run_audits(scene(snapshot, FARGATE))) == [(LOGS, E, "web:3")]
