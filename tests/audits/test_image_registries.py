"""The audit of images from registries that no endpoint serves (R5)."""

from typing import Any

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
from audit_worlds import BOTH, FARGATE, OWNER, heads, scene

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.cluster import EcsService
from pytest_ecs_privatelink.topology.model import HostedZone, ResolverRule, RouteTarget
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.IMAGE_REGISTRY_PUBLIC
REGISTRY = f"{OWNER}.dkr.ecr.us-west-2.amazonaws.com"


def only(*images: str, way_out: RouteTarget | None = None) -> Finding:
    """Return the single finding of web:3 with a container of each image."""
    containers = [container(f"c{at}", image=image) for at, image in enumerate(images)]
    (finding,) = run_audits(scene(running(definition(*containers), way_out=way_out), FARGATE))
    return finding


@pytest.mark.parametrize(
    ("image", "host", "severity"),
    [
        ("nginx", "docker.io", E),
        ("datadog/agent:7", "docker.io", E),
        ("registry-1.docker.io/library/nginx", "registry-1.docker.io", E),
        ("public.ecr.aws/aws-observability/aws-otel-collector:v1", "public.ecr.aws", E),
        ("ghcr.io/owner/app", "ghcr.io", E),
        ("quay.io/owner/app", "quay.io", E),
        ("registry.k8s.io/pause:3", "registry.k8s.io", E),
        ("eu.gcr.io/p/app", "eu.gcr.io", E),
        ("europe-docker.pkg.dev/p/r/app", "europe-docker.pkg.dev", E),
        ("registry.corp.internal/app", "registry.corp.internal", W),
        ("10.0.0.7:5000/app", "10.0.0.7:5000", W),
        ("notdocker.io/app", "notdocker.io", W),
        (f"{OWNER}.dkr.ecr.us-west-2.amazonaws.com.example/app", f"{REGISTRY}.example", W),
    ],
)
def test_only_a_private_registry_of_ecr_has_an_endpoint(
    image: str, host: str, severity: Severity
) -> None:
    """What is known to be on the internet is an error without a way there; others may be near."""
    assert heads((only(image),)) == [(CODE, severity, host)]


@pytest.mark.parametrize("image", [f"{REGISTRY}/app:1", f"{OWNER}.dkr-ecr.us-west-2.on.aws/app"])
def test_ecr_is_right(image: str) -> None:
    """Other accounts' registries in this Region, too."""
    assert run_audits(scene(running(definition(container(image=image))), FARGATE)) == ()


@pytest.mark.parametrize(
    ("way_out", "require_private", "severity"),
    [(None, False, E), (NAT, False, W), (NAT, True, W), (IGW, False, E), (TRANSIT, False, W)],
)
def test_the_way_out_decides_how_grave_it_is(
    way_out: RouteTarget | None, require_private: bool, severity: Severity
) -> None:
    """No endpoint service exists that ``--ecs-require-private`` could ask for.

    An internet gateway is none for tasks without a public address, as these are.
    """
    snapshot = running(definition(container(image="nginx")), way_out=way_out)
    found = run_audits(scene(snapshot, FARGATE, require_private=require_private))
    assert heads(found) == [(CODE, severity, "docker.io")]


def test_one_line_names_a_sidecar() -> None:
    """And the pull-through cache rule that takes its registry's place."""
    finding = only(f"{REGISTRY}/app:1", "public.ecr.aws/datadog/agent:7")
    assert finding.summary == (
        "web:3/c1 pulls from public.ecr.aws, which no endpoint serves, and there is no other way "
        "out of private-a, private-b, private-c"
    )
    assert finding.expected == "images in a private registry of Amazon ECR"
    assert finding.observed == "public.ecr.aws/datadog/agent:7"
    assert finding.launch_types == FARGATE
    assert finding.blocks == ()
    assert finding.remedy.cli == (
        "aws ecr create-pull-through-cache-rule --region us-west-2 --ecr-repository-prefix"
        " ecr-public --upstream-registry-url public.ecr.aws",
        f"# then in a new revision of web:3: image {REGISTRY}/ecr-public/datadog/agent:7"
        " (its first pull may need a way to the internet)",
    )
    assert finding.remedy.terraform == (
        'resource "aws_ecr_pull_through_cache_rule" "ecr_public" {\n'
        '  ecr_repository_prefix = "ecr-public"\n'
        '  upstream_registry_url = "public.ecr.aws"\n'
        "}"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
    )


def test_docker_hub_wants_credentials() -> None:
    """Their secret is what nobody can know."""
    finding = only("nginx:1.27")
    assert finding.remedy.cli == (
        "aws ecr create-pull-through-cache-rule --region us-west-2 --ecr-repository-prefix"
        " docker-hub --upstream-registry-url registry-1.docker.io --credential-arn SECRET_ARN",
        f"# then in a new revision of web:3: image {REGISTRY}/docker-hub/library/nginx:1.27"
        " (its first pull may need a way to the internet)",
    )
    assert '  credential_arn        = "SECRET_ARN"' in finding.remedy.terraform


def test_one_line_names_a_registry_that_may_be_near() -> None:
    """Whether it can be reached is nothing that a snapshot shows; a copy in ECR can."""
    finding = only("registry.corp.internal/team/app")
    assert finding.summary == (
        "web:3/c0 pulls from registry.corp.internal, which no endpoint serves, and whether it can "
        "be reached from there is not visible"
    )
    image, copy = "registry.corp.internal/team/app", f"{REGISTRY}/team/app:latest"
    assert finding.remedy.cli == (
        "aws ecr create-repository --region us-west-2 --repository-name team/app",
        f"# logged in to both registries: docker pull {image}; docker tag {image} {copy};"
        f" docker push {copy}",
        f"# then in a new revision of web:3: image {copy}",
    )
    assert finding.remedy.terraform == (
        'resource "aws_ecr_repository" "team_app" {\n  name = "team/app"\n}'
    )


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        (
            {"hosted_zones": (HostedZone(id="Z1", name="docker.io", records=None),)},
            "hosted zone Z1 (docker.io)",
        ),
        (
            {"resolver_rules": (ResolverRule(id="rslvr-1", domain=".", type="FORWARD"),)},
            "resolver rule rslvr-1 (.)",
        ),
    ],
)
def test_a_mirror_under_its_name_is_not_visible(changes: dict[str, Any], who: str) -> None:
    """Whoever answers for the name may answer with something near."""
    snapshot = running(definition(container(image="nginx")), **changes)
    (finding,) = (each for each in run_audits(scene(snapshot, FARGATE)) if each.code is CODE)
    assert finding.severity is W
    assert finding.summary == (
        f"web:3/app pulls from docker.io, which no endpoint serves, and whether {who}, which may "
        "answer for it, can be reached from there is not visible"
    )


def test_one_registry_is_one_finding() -> None:
    """Whoever pulls from it; each image has its line."""
    api = definition(
        container(image="nginx"),
        container("proxy", image="envoyproxy/envoy:v1"),
        arn=f"{ARN}:task-definition/api:7",
    )
    both = (
        EcsService(name="web", placements=(placement(),)),
        EcsService(name="api", placements=(placement(task_definition=api.arn),)),
    )
    snapshot = running(definition(container(image="nginx")), api, of_cluster={"services": both})
    (finding,) = run_audits(scene(snapshot, FARGATE))
    assert finding.summary.startswith("api:7/app, api:7/proxy, web:3/app pull from docker.io, ")
    assert finding.observed == "nginx, envoyproxy/envoy:v1"
    assert len(finding.remedy.cli) == 4
    assert finding.remedy.terraform.count("resource") == 1


def test_many_pullers_are_counted() -> None:
    """A summary stays one line."""
    finding = only(*(f"app{n}" for n in range(5)))
    assert finding.summary.startswith("5 containers pull from docker.io, ")
    assert finding.observed == "5 images"


def test_what_is_no_reference_is_unknown() -> None:
    """Never green: nobody knows what it would pull."""
    odd = (container(image="${IMAGE}"), container("b", image=""), container("c"))
    sight = scene(running(definition(*odd)), BOTH)
    assert run_audits(sight) == ()
    assert unseen(sight) == (
        Unseen(
            code=CODE,
            subject="web:3",
            reason="no registry can be told from an image that is no reference: "
            "'${IMAGE}' of app, '' of b",
        ),
    )


def test_ways_out_that_could_not_be_read_leave_it_unknown() -> None:
    """How grave it is depends on them."""
    snapshot = running(
        definition(container(image="nginx")),
        route_tables=None,
        unreadable=refused("route_tables", "ec2:DescribeRouteTables"),
    )
    sight = scene(snapshot, FARGATE)
    assert CODE not in {each.code for each in run_audits(sight)}
    assert [each for each in unseen(sight) if each.code is CODE] == [
        Unseen(
            code=CODE,
            subject="docker.io",
            reason="images come from there, and the ways out could not be read: "
            "missing permission ec2:DescribeRouteTables",
            permissions=("ec2:DescribeRouteTables",),
        )
    ]


@pytest.mark.parametrize(("way_out", "severities"), [(None, []), (NAT, [W])])
def test_who_may_answer_for_a_registry_leaves_an_error_unknown(
    way_out: RouteTarget | None, severities: list[Severity]
) -> None:
    """A mirror in the VPC may have its name; where a public path works that changes nothing."""
    action = "route53:ListHostedZonesByVPC"
    snapshot = running(
        definition(container(image="nginx")),
        way_out=way_out,
        hosted_zones=None,
        unreadable=refused("hosted_zones", action),
    )
    sight = scene(snapshot, FARGATE)
    assert [each.severity for each in run_audits(sight) if each.code is CODE] == severities
    told = [(each.reason, each.permissions) for each in unseen(sight) if each.code is CODE]
    reason = (
        "images come from there, and who may answer for it in the VPC could not be read: "
        f"missing permission {action}"
    )
    assert told == ([] if severities else [(reason, (action,))])


def test_definitions_that_could_not_be_read_leave_it_unknown() -> None:
    """Never green."""
    snapshot = running(of_cluster={"task_definitions": None})
    (told,) = (each for each in unseen(scene(snapshot, FARGATE)) if each.code is CODE)
    assert (told.subject, told.permissions) == ("prod", ("ecs:DescribeTaskDefinition",))
