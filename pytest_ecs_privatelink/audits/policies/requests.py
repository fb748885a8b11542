"""What a run knows of the requests that ECS makes through an endpoint."""

from pytest_ecs_privatelink.audits.policies.conditions import Foreign, Keys
from pytest_ecs_privatelink.audits.policies.evaluate import Request
from pytest_ecs_privatelink.audits.policies.needs import Ask
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot

# Layer URLs are signed by an account of AWS's, and the bucket is AWS's (FACTS section 3).
_OF_STRANGERS = (
    *("aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"),
    *("aws:resourceorgid", "aws:resourceorgpaths", "aws:resourceaccount", "s3:resourceaccount"),
)


def keys_at(snapshot: Snapshot, endpoint: Endpoint | None, resource: str = "*") -> Keys:
    """Return the condition keys of any request through ``endpoint``; None: nobody knows which."""
    keys: dict[str, tuple[str, ...]] = {
        "aws:securetransport": ("true",),
        "aws:requestedregion": (snapshot.region,),
        "aws:viaawsservice": ("false",),
    }
    if endpoint is not None:
        keys["aws:sourcevpc"] = (snapshot.vpc.id,)
        keys["aws:sourcevpce"] = (endpoint.id,)
    account = resource.split(":")[4:5]
    if account and account[0].isdigit():
        keys["aws:resourceaccount"] = (account[0],)
    return keys


def role_keys(role: str) -> Keys:
    """Return the condition keys that a role's ARN tells."""
    return {
        "aws:principalarn": (role,),
        "aws:principalaccount": tuple(role.split(":")[4:5]),
        "aws:principalisawsservice": ("false",),
    }


def stranger_keys(account: str) -> Keys:
    """Return the condition keys of downloads of image layers: all are somebody else's."""
    return dict.fromkeys(_OF_STRANGERS, (Foreign(account),))


def requests(
    snapshot: Snapshot, endpoint: Endpoint | None, ask: Ask, roles: tuple[str, ...]
) -> tuple[Request, ...]:
    """Return the ask as each of ``roles`` makes it; without them as somebody of the VPC's owner."""
    keys = keys_at(snapshot, endpoint, ask.resource)
    known = tuple(
        Request(
            action=ask.action,
            resource=ask.resource,
            keys={**keys, **role_keys(role)},
            principal=role,
            account="".join(role.split(":")[4:5]),
        )
        for role in roles
    )
    owner = snapshot.vpc.owner
    return known or (Request(action=ask.action, resource=ask.resource, keys=keys, account=owner),)
