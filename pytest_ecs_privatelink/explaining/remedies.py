"""The commands that show what a stopped task ran into, by its code, and the page to read."""

import shlex
from collections.abc import Mapping
from string import Formatter
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Explanation, Phase
from pytest_ecs_privatelink.verdict import Code, Remedy

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"

_ENDPOINT = "ec2 describe-vpc-endpoints --filters {endpoint_filters}"
_ATTRIBUTE = "ec2 describe-vpc-attribute --vpc-id {vpc} --attribute"
_DNS = (f"{_ATTRIBUTE} enableDnsSupport", f"{_ATTRIBUTE} enableDnsHostnames")
_ZONES = "route53 list-hosted-zones-by-vpc --vpc-id {vpc} --vpc-region {region}"
_RULES = "route53resolver list-resolver-rule-associations --filters Name=VPCId,Values={vpc}"
_FIREWALL = "route53resolver list-firewall-rule-group-associations --vpc-id {vpc}"
_ACL = "ec2 describe-network-acls --filters Name=association.subnet-id,Values={subnet}"
_TABLE = "ec2 describe-route-tables --filters Name=association.subnet-id,Values={subnet}"
_GROUPS = "ecs describe-services --cluster {cluster} --services {ecs_service}"
_DEFINITION = "ecs describe-task-definition --task-definition {definition}"
_SUBNET = "ec2 describe-subnets --subnet-ids {subnet}"
_ROLE = (
    "iam list-attached-role-policies --role-name {role}",
    "iam list-role-policies --role-name {role}",
)
_LOG_GROUPS = "logs describe-log-groups --log-group-name-prefix {log_group}"
_PATH = (_ENDPOINT, _GROUPS, _ACL, _TABLE)
_UNSAID = (_ENDPOINT, *_DNS, _GROUPS, _ACL, _TABLE)

_COMMANDS: Mapping[Code, tuple[str, ...]] = MappingProxyType(
    {
        Code.DNS_NXDOMAIN: (_ZONES, _FIREWALL, _ENDPOINT),
        Code.DNS_SERVFAIL: (_RULES,),
        Code.DNS_TIMEOUT: (_DNS[0], _RULES, _ACL),
        Code.DNS_REFUSED: (_RULES,),
        Code.DNS_PUBLIC_ANSWER: (_ENDPOINT, *_DNS, _RULES),
        # Silence does not tell which filter it was: nothing that changes one is offered.
        Code.TCP_TIMEOUT: _PATH,
        Code.TCP_REFUSED: (_ENDPOINT, _ZONES, _TABLE),
        Code.TCP_UNREACHABLE: (_TABLE,),
        Code.TLS_HANDSHAKE: (_TABLE, _ENDPOINT),
        Code.TLS_CERTIFICATE: (_ZONES, _TABLE),
        Code.ECR_AUTH: _UNSAID,
        Code.ECR_MANIFEST: _UNSAID,
        Code.ECR_LAYER: _PATH,
        Code.LOGS_UNREACHABLE: _UNSAID,
        Code.SECRET_UNREACHABLE: _UNSAID,
        Code.LOGS_GROUP_MISSING: (
            _LOG_GROUPS,
            "logs create-log-group --log-group-name {log_group}",
        ),
        Code.SECRET_MISSING: (_DEFINITION,),
        Code.SUBNET_ADDRESSES_EXHAUSTED: (_SUBNET,),
        Code.EFS_MOUNT_UNREACHABLE: (_DEFINITION, _GROUPS),
        Code.AGENT_DISCONNECTED: ("ecs list-container-instances --cluster {cluster}",),
        Code.ENV_FILE_BUCKET_DENIED: (_DEFINITION, *_ROLE, _ENDPOINT),
        Code.IMAGE_REGISTRY_PUBLIC: (_DEFINITION,),
        Code.ENDPOINT_POLICY_DENIES: (_ENDPOINT,),
    }
)
_OF_DENIER: Mapping[Denier, tuple[str, ...]] = MappingProxyType(
    {
        Denier.ENDPOINT_POLICY: (_ENDPOINT,),
        Denier.IDENTITY: _ROLE,
        Denier.UNSAID: (*_ROLE, _ENDPOINT),
        Denier.KMS: _ROLE,
        Denier.RESOURCE: (_DEFINITION,),
        Denier.ORGANIZATION: (),
    }
)


def remedy_of(found: Explanation, words: Mapping[str, str]) -> Remedy:
    """Return the commands of which all that they name is in ``words``."""
    missing = found.code is Code.ECR_MANIFEST and not found.network
    if found.denied_by is not None:
        templates = _OF_DENIER[found.denied_by]
    elif missing or (found.code is None and found.known and found.phase is not Phase.RUN):
        templates = (_DEFINITION,)
    else:
        templates = _COMMANDS.get(found.code, ()) if found.code else ()
    known = (f"aws {each} --region {{region}}" for each in templates)
    quoted = {name: shlex.quote(value) for name, value in words.items()}
    if filters := _endpoint_filters(words):
        quoted["endpoint_filters"] = filters
    return Remedy(cli=tuple(each.format_map(quoted) for each in known if _has(each, quoted)))


def page_of(found: Explanation) -> str:
    """Return the AWS page about it."""
    return PAGES.get(found.code, _PAGE) if found.code else _PAGE


def _endpoint_filters(words: Mapping[str, str]) -> str | None:
    """Return what narrows endpoints down: the service, of the task's VPC if that is known."""
    if "endpoint_service" not in words:
        return None
    vpc = (f"Name=vpc-id,Values={words['vpc']}",) if "vpc" in words else ()
    return shlex.join((*vpc, f"Name=service-name,Values={words['endpoint_service']}"))


def _has(template: str, words: Mapping[str, str]) -> bool:
    return all(name is None or name in words for _, name, _, _ in Formatter().parse(template))
