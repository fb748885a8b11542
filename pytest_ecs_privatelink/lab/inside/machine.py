"""Commands for a host, over a Unix socket: one JSON line asks, one answers.

``{"command": "<for sh -c>", "stdin": "<base64>" or null, "timeout": seconds}`` brings
``{"rc": 0, "stdout": "<base64>", "stderr": "<base64>"}``; ``rc`` 124 where it was killed at the
timeout, as by timeout(1), together with all of its process group. A line that cannot be read brings
``{"error": "one line"}``.
"""

import asyncio
import base64
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_ecs_privatelink.records import RecordError, from_json, to_json

TIMED_OUT = 124

_MOST_AT_ONCE = 16
_LONGEST_LINE = 1 << 24
_MOST_OUTPUT = 1 << 23  # of each stream; what comes after is read and dropped
_LONGEST_TIMEOUT_S = 3600.0
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is asked: a text for ``sh -c``, and what it reads, in base64."""

    command: str
    stdin: str | None = field(default=None, repr=False)
    timeout: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What it brought; both texts are base64."""

    rc: int
    stdout: str
    stderr: str


async def serve_commands(path: Path, environment: Mapping[str, str]) -> asyncio.Server:
    """Run commands that come over the Unix socket ``path``; return what listens there."""
    places = asyncio.Semaphore(_MOST_AT_ONCE)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError):  # gone, or a line that is too long
            while line := await reader.readline():
                async with places:
                    writer.write(json.dumps(await _respond(line, environment)).encode() + b"\n")
                await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(converse, path, limit=_LONGEST_LINE)


async def _respond(line: bytes, environment: Mapping[str, str]) -> object:
    try:
        asked = from_json(Command, json.loads(line))
        fed = base64.b64decode(asked.stdin or "", validate=True)
        if not 0 < asked.timeout <= _LONGEST_TIMEOUT_S:
            raise RecordError(f"$.timeout: seconds up to {_LONGEST_TIMEOUT_S:g} expected")
    except (ValueError, RecursionError) as error:
        return {"error": " ".join(str(error).split())}
    return to_json(await run(asked, fed, environment))


async def run(asked: Command, fed: bytes, environment: Mapping[str, str]) -> Outcome:
    """Run a command in a process group of its own; ``fed`` is what it reads."""
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", asked.command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        cwd="/",
        process_group=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    stdout, stderr = bytearray(), bytearray()
    status = TIMED_OUT
    # A process that left the group may keep a stream open: nobody waits for it after the timeout.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(asked.timeout):
            await asyncio.gather(
                _feed(process.stdin, fed),
                _gather(process.stdout, stdout),
                _gather(process.stderr, stderr),
            )
            status = await process.wait()
    if status == TIMED_OUT:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return Outcome(rc=status, stdout=_encoded(stdout), stderr=_encoded(stderr))


async def _feed(stream: asyncio.StreamWriter, fed: bytes) -> None:
    with contextlib.suppress(ConnectionError):  # it need not read to the end
        stream.write(fed)
        await stream.drain()
    stream.close()


async def _gather(stream: asyncio.StreamReader, into: bytearray) -> None:
    while piece := await stream.read(_PIECE):
        into += piece[: _MOST_OUTPUT - len(into)]


def _encoded(output: bytearray) -> str:
    return base64.b64encode(output).decode()
