"""HTTP of the twin's servers on a loopback socket, with a clock that tests can put forward."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twin_rehearsal import plan_of
from twin_snapshots import healthy

from pytest_ecs_privatelink.lab.services import answers
from pytest_ecs_privatelink.lab.tokens import LIFETIME
from pytest_ecs_privatelink.lab.web import Answer, Call, Caller, Reply, speaking

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TOKEN = {
    "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    "authorization": "AWS4-HMAC-SHA256 Credential=lab/20260101/us-east-1/ecr/aws4_request",
}


@dataclass(slots=True)
class Watch:
    """A clock that stands still until it is put forward."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Return the moment that it shows."""
        return self.now


@contextmanager
def served(answer: Answer) -> Iterator[int]:
    """Serve on a free port of loopback for as long as the block takes."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(speaking(answer), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_settle())
        loop.close()


async def _settle() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def fetch(
    port: int, method: str, target: str, headers: dict[str, str], body: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of one exchange."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, target, body=body, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def test_a_token_ends_after_twelve_hours() -> None:
    """The registry honours a token to its last second, and then in ECR's words no longer."""
    watch = Watch()
    services = answers(plan_of(healthy()), watch)
    with served(services["ecr.api"]) as api, served(services["ecr.dkr"]) as registry:
        _, _, body = fetch(api, "POST", "/", TOKEN, "{}")
        (given,) = json.loads(body)["authorizationData"]
        mine = {"host": REGISTRY, "authorization": f"Basic {given['authorizationToken']}"}
        watch.now = NOON + LIFETIME
        in_time = fetch(registry, "GET", "/v2/", mine)
        watch.now += timedelta(seconds=1)
        late = fetch(registry, "GET", "/v2/", mine)

    assert given["expiresAt"] == (NOON + LIFETIME).timestamp()
    assert given["proxyEndpoint"] == f"https://{REGISTRY}"
    assert in_time[0] == 200
    assert late[0] == 403
    assert json.loads(late[2]) == {
        "errors": [
            {
                "code": "DENIED",
                "message": "Your authorization token has expired. Reauthenticate and try again.",
            }
        ]
    }


async def echo(call: Call) -> Reply | None:
    """Say what was heard; of ``/half`` half of it, of ``/never`` nothing."""
    if call.path == "/never":
        return None
    stops = 2 if call.path == "/half" else None
    return Reply(status=200, headers={"X-Asked": call.method}, body=call.body, stops_after=stops)


def test_requests_follow_each_other_on_a_connection() -> None:
    """A connection stays open from one answer to the next, and HEAD has no body."""
    with served(echo) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        told = []
        for method in ("POST", "HEAD", "POST"):
            connection.request(method, "/", body="some words")
            answer = connection.getresponse()
            told.append((answer.getheader("x-asked"), answer.read()))
        connection.close()
    assert told == [("POST", b"some words"), ("HEAD", b""), ("POST", b"some words")]


def test_half_an_answer_is_followed_by_silence() -> None:
    """The connection stays, and nothing more comes; the same where nothing is said at all."""
    with served(echo) as port:
        received = []
        for path in ("/half", "/never"):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                client.sendall(
                    b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfour" % path.encode()
                )
                client.settimeout(0.3)
                received.append(heard(client))
    assert received[0].endswith(b"\r\n\r\nfo")
    assert received[1] == b""


def heard(client: socket.socket) -> bytes:
    """Return what comes before a silence; fails where the other side closes."""
    found = b""
    while True:
        try:
            piece = client.recv(4096)
        except TimeoutError:
            return found
        assert piece, found
        found += piece


def test_what_is_no_http_is_refused() -> None:
    """Words that are no request get a 400, and the connection ends."""
    with (
        served(echo) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as client,
    ):
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        said = b""
        while piece := client.recv(4096):
            said += piece
    assert said == b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"


def test_nothing_secret_shows_in_a_call() -> None:
    """Headers, query and body are left out of what a traceback shows of calls and answers."""
    word = "signature-of-mine"
    headers = {"authorization": word}
    call = Call(
        caller=Caller("10.0.0.9", "10.0.0.1"),
        method="GET",
        target=f"/?{word}",
        headers=headers,
        body=word.encode(),
    )
    assert word not in repr((call, Reply(status=307, headers=headers, body=word.encode())))
