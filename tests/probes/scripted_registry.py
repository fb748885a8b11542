"""A registry, with AWS's API and the store of layers, that answers by script: one TLS server.

It is reached as ``localhost``, the registry and its API, and as ``127.0.0.1``, the store.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import trustme
from https_servers import Request, Server, Step, answer, serving
from made_images import Images

REGISTRY, STORE = "localhost", "127.0.0.1"
QUERY = "X-Amz-Credential=AKIA&X-Amz-Signature=0badcafe"


@dataclass(slots=True)
class Script:
    """Answers by ``host path``, in turn, the last one for good; all else is nobody's: 404."""

    server: Server
    steps: dict[str, list[Step]] = field(default_factory=dict)

    def say(self, host: str, path: str, *steps: Step) -> None:
        """Answer requests for ``path`` at ``host`` so."""
        self.steps[f"{host} {path}"] = list(steps)

    def asked(self, host: str) -> list[str]:
        """Return the paths that ``host`` was asked for, in order, without query."""
        return [_path(each) for each in self.server.requests if _host(each) == host]

    def headers(self, host: str, name: str) -> set[str | None]:
        """Return what requests to ``host`` said in a header (in lower case)."""
        return {each.headers.get(name) for each in self.server.requests if _host(each) == host}

    def layer(self, digest: str) -> str:
        """Return the presigned URL of a blob at the store."""
        return f"https://{STORE}:{self.server.port}/layers/{digest}?{QUERY}"

    def hold(self, images: Images, tags: Mapping[str, str], repository: str = "team/app") -> None:
        """Serve ``images``: manifests by digest and tag, blobs by redirect to the store."""
        for digest, body in images.blobs.items():
            kind = images.types[digest]
            if kind not in images.kinds:
                there = answer(307, headers={"Location": self.layer(digest)})
                self.say(REGISTRY, f"/v2/{repository}/blobs/{digest}", there)
                self.say(STORE, f"/layers/{digest}", answer(200, body))
                continue
            said = {"Content-Type": kind, "Docker-Content-Digest": digest}
            for name in (digest, *(tag for tag, named in tags.items() if named == digest)):
                path = f"/v2/{repository}/manifests/{name}"
                self.say(REGISTRY, path, answer(200, body, said))


@contextlib.contextmanager
def scripted(authority: trustme.CA) -> Iterator[Script]:
    """Serve by script, with a certificate of ``authority``, until the block ends."""

    def respond(request: Request) -> Step:
        left = script.steps.get(f"{_host(request)} {_path(request)}", [NOBODY])
        return left.pop(0) if len(left) > 1 else left[0]

    with serving(authority.issue_cert(REGISTRY, STORE), respond) as server:
        script = Script(server)
        yield script


def _host(request: Request) -> str:
    return request.headers["host"].partition(":")[0]


def _path(request: Request) -> str:
    return request.target.partition("?")[0]


def registry_error(status: int, code: str, message: str) -> bytes:
    """Return a registry's error [OCI distribution specification, "Error Codes"]."""
    body = {"errors": [{"code": code, "message": message}]}
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Docker-Distribution-Api-Version": "registry/2.0",
    }
    return answer(status, json.dumps(body).encode(), headers)


def s3_error(status: int, code: str, message: str) -> bytes:
    """Return S3's error."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message>"
        "<RequestId>4442587FB7D0A2F9</RequestId></Error>"
    )
    return answer(status, body.encode(), {"Content-Type": "application/xml"})


NOBODY = registry_error(404, "NAME_UNKNOWN", "no such repository")
