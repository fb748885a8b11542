"""The line from the twin's servers to the lab's cloud: a Unix socket, for namespaces have no other.

The emulator knows no Regions of their own: where a snapshot is in another one by its names, these
are exchanged on the way there and on the way back.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

import h11

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.cloud import REGION
from pytest_ecs_privatelink.lab.web import Call, Caller, Reply

SECONDS_TO_ANSWER = 10.0
_PIECE = 1 << 16
_OF_ONE_LINK = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")
)
_NOBODY = Caller("", "")


class CloudLine:
    """Asks the cloud at the Unix socket ``path`` for somebody who is in ``region``."""

    def __init__(self, path: str | None, region: str, seconds: float = SECONDS_TO_ANSWER) -> None:
        self._path = path
        self._region = region
        self._seconds = seconds

    @property
    def there(self) -> bool:
        """Whether there is a cloud at all."""
        return self._path is not None

    async def forward(self, call: Call) -> Reply:
        """Return the cloud's answer to ``call``; `LabError` where it gives none in time."""
        if self._path is None:
            raise LabError("the lab has no cloud behind this server")
        try:
            async with asyncio.timeout(self._seconds):
                return self._abroad(await _exchange(self._path, self._at_home(call)))
        except (OSError, h11.RemoteProtocolError) as error:
            raise LabError("the lab's cloud does not answer") from error

    async def ask(
        self, service: str, target: str, payload: object
    ) -> tuple[int, dict[str, object]]:
        """Return status and JSON of an answer to ``payload``; `LabError` where there is none."""
        headers = {
            "host": f"{service}.{self._region}.amazonaws.com",
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": target,
            "authorization": (
                f"AWS4-HMAC-SHA256 Credential=lab/20260101/{self._region}/{service}/aws4_request, "
                "SignedHeaders=host, Signature=0"
            ),
        }
        body = json.dumps(payload).encode()
        reply = await self.forward(
            Call(caller=_NOBODY, method="POST", target="/", headers=headers, body=body)
        )
        try:
            said = json.loads(reply.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise LabError(f"the lab's cloud does not know {target}")
        return reply.status, said

    def _at_home(self, call: Call) -> Call:
        """Return the call in the cloud's own words."""
        return replace(
            call,
            target=call.target.replace(self._region, REGION),
            headers={
                name: text.replace(self._region, REGION) for name, text in call.headers.items()
            },
            body=call.body.replace(self._region.encode(), REGION.encode()),
        )

    def _abroad(self, reply: Reply) -> Reply:
        headers = {name: text.replace(REGION, self._region) for name, text in reply.headers.items()}
        body = reply.body.replace(REGION.encode(), self._region.encode())
        return replace(reply, headers=headers, body=body)


async def _exchange(path: str, call: Call) -> Reply:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        connection = h11.Connection(h11.CLIENT)
        kept = {name: text for name, text in call.headers.items() if name not in _OF_ONE_LINK}
        headers = {**kept, "content-length": str(len(call.body)), "connection": "close"}
        events = (
            h11.Request(method=call.method, target=call.target, headers=list(headers.items())),
            h11.Data(data=call.body),
            h11.EndOfMessage(),
        )
        writer.write(b"".join(connection.send(event) or b"" for event in events))
        await writer.drain()
        return await _answer(connection, reader)
    finally:
        writer.close()


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader) -> Reply:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return Reply(status=head.status_code, headers=_kept(head), body=bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("the answer has no end")


def _kept(head: h11.Response) -> Mapping[str, str]:
    told = ((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers)
    return {name: value for name, value in told if name not in _OF_ONE_LINK}
