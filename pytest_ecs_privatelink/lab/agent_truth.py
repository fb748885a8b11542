"""What the lab's cloud knows of container instances: what agents said, and what faults say of them.

An emulator runs no agents and says the same of each. Here an agent's version is what it registered
with, it is connected, and it is as young as R18 wants: restarted since the last endpoint came. A
fault says otherwise by attributes of the instance, for no other call of the API says anything of
one; nobody is shown these.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import boto3

Raw: TypeAlias = dict[str, Any]

_OURS = "lab."
VERSION = "lab.agent-version"
CONNECTED = "lab.agent-connected"
REGISTERED = "lab.registered-at"


def tell(session: "boto3.Session", cluster: str, **facts: str) -> None:
    """Say of every agent in ``cluster``, whatever it says itself, some of these.

    ``version``; ``connected``: ``true`` or ``false``, or how it is seen in one look after another,
    of which the last stays (``false,true``); ``registered``: seconds since 1970.
    """
    names = {"version": VERSION, "connected": CONNECTED, "registered": REGISTERED}
    ecs = session.client("ecs")
    for arn in ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]:
        told = [{"name": names[fact], "value": value} for fact, value in facts.items()]
        ecs.put_attributes(cluster=cluster, attributes=[{**each, "targetId": arn} for each in told])


class Agents:
    """The agents of one cloud. ``endpoints_of`` tells when the endpoints were made that it knows.

    It is asked with the id of an EC2 instance, and answers in seconds since 1970.
    """

    def __init__(self, endpoints_of: Callable[[str], Iterable[float]]) -> None:
        self._endpoints_of = endpoints_of
        self._said: dict[str, Raw] = {}
        self._looks: dict[tuple[str, str], int] = {}

    def registered(self, request: Raw, answer: Raw) -> None:
        """Keep what an agent says as it registers, and put it into the answer."""
        instance = answer["containerInstance"]
        told = {
            "versionInfo": request.get("versionInfo"),
            "attributes": request.get("attributes"),
        }
        self._said[instance["containerInstanceArn"]] = {
            name: value for name, value in told.items() if value
        }
        self._put_right(instance)

    def described(self, request: Raw, answer: Raw) -> None:  # noqa: ARG002  (as all that amend)
        """Put the truth into descriptions of container instances; each is one look."""
        for instance in answer.get("containerInstances", ()):
            self._put_right(instance)

    def looked_at(self, answer: Raw) -> None:
        """Put the truth into descriptions that nobody sees: ECS's own look counts for none."""
        looks = dict(self._looks)
        self.described({}, answer)
        self._looks = looks

    def _put_right(self, instance: Raw) -> None:
        arn, said = instance["containerInstanceArn"], {}
        said = self._said.get(arn, {})
        shown = {each["name"]: each for each in instance.get("attributes") or ()}
        shown.update({each["name"]: each for each in said.get("attributes", ())})
        faults = {name: str(each.get("value")) for name, each in shown.items()}
        instance["attributes"] = [
            each for name, each in shown.items() if not name.startswith(_OURS)
        ]
        version = dict(said.get("versionInfo") or instance.get("versionInfo") or {})
        if VERSION in faults:
            version["agentVersion"] = faults[VERSION]
        instance["versionInfo"] = version
        instance["agentConnected"] = self._connected(arn, faults.get(CONNECTED, "true"))
        instance["registeredAt"] = self._registered(instance, faults)

    def _connected(self, arn: str, looks: str) -> bool:
        seen = self._looks.get((arn, looks), 0)
        self._looks[arn, looks] = seen + 1
        each = looks.split(",")
        return each[min(seen, len(each) - 1)] == "true"

    def _registered(self, instance: Raw, faults: Mapping[str, str]) -> float:
        if REGISTERED in faults:
            return float(faults[REGISTERED])
        own = float(instance["registeredAt"])
        made = max(self._endpoints_of(instance["ec2InstanceId"]), default=own)
        return own if own > made else made + 1.0
