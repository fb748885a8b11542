"""The program that answers a batch on a host that has nothing but a Python of its own.

Nothing is installed there: the host's own ``python3`` (3.9 or newer) is fed our own modules, the
very ones that probe from here, and what they need of newer Pythons (`bundle`, `onhost_boot`). So
there is one implementation of each probe, and a host and this machine see alike by construction.

    command, fed = by_stdin(batch)              # ssh: a short command, the rest by its stdin
    command = by_command(batch, most=24_000)    # SSM: no stdin, and so much output at most
    found = read(output, batch)
    while isinstance(found, More):              # it did not fit: run this there, and read on
        found = read(output_of(found.command), batch, found)

`read` raises `ParcelError` with one line where what came back is not what the program prints; it is
up to the channel to add the exit status and what came by stderr: 127 where the host has no Python,
3 where it has none that is new enough, each with a line for the user.
"""

import json
from dataclasses import replace
from typing import Any

from pytest_ecs_privatelink.probes.call_records import SecretQuestion
from pytest_ecs_privatelink.probes.metadata_endpoints import INSTANCE_ENDPOINT
from pytest_ecs_privatelink.records import RecordError, from_json
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.bundle import COMMAND, FIND_PYTHON, bundle
from pytest_ecs_privatelink.vantage.parcels import ParcelError, pack, unpack
from pytest_ecs_privatelink.vantage.pieces import More, read_piece
from pytest_ecs_privatelink.vantage.returns import Errand, Returned, pair_up

LONGEST_COMMAND = 60_000
"""Characters that `by_command` makes at most: SSM takes about 64 KB, a shell's argument 128 KiB."""


def by_stdin(batch: Batch, *, metadata: str = INSTANCE_ENDPOINT) -> tuple[str, bytes]:
    """Return a shell command, always the same and without secrets, and what to feed its stdin.

    It starts at the end of the parcel, whether stdin is closed then or not. ``metadata`` is where
    the instance's own credentials come from.
    """
    return COMMAND, _fed(Errand(batch=batch, metadata=metadata))


def by_command(
    batch: Batch, *, most: int | None = 24_000, metadata: str = INSTANCE_ENDPOINT
) -> str:
    """Return a text for ``sh`` that holds everything and prints ``most`` characters at most.

    It may be seen by others: secrets are measured without the run's key, so that their digests stay
    unknown. Raises ValueError for a batch with credentials, and for one that is too long: give its
    questions to several.
    """
    if batch.credentials is not None:
        raise ValueError("credentials do not go into a command, where others may see them")
    fed = _fed(Errand(batch=without_keys(batch), most=most, metadata=metadata)).decode()
    command = f"printf %s '{fed}' | {{ {FIND_PYTHON}; }}"
    if len(command) > LONGEST_COMMAND:
        raise ValueError(
            f"{len(batch.questions)} questions and {len(batch.trust or '')} characters of trust"
            f" make a command of {len(command)} characters, above the bound of {LONGEST_COMMAND}"
        )
    return command


def read(output: str, batch: Batch, before: More | None = None) -> Brought | More:
    """Return what the program's stdout says of ``batch``, noise around it passed over.

    `More` where it did not fit: run its command, and give it as ``before`` with that one's output.
    Raises `ParcelError`.
    """
    parcel = read_piece(output, before)
    if isinstance(parcel, More):
        return parcel
    value = unpack(parcel)
    refuse_what_breaks_reports(value)
    try:
        returned = from_json(Returned, value)
    except RecordError as error:
        raise ParcelError(f"the answer is none that this version knows: {error}") from None
    return pair_up(batch, returned)


def refuse_what_breaks_reports(value: Any) -> None:  # noqa: ANN401 - JSON
    """Raise `ParcelError` for numbers that are none and halves of characters: JSON has both."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise ParcelError("the answer holds numbers or characters that are none") from None


def _fed(errand: Errand) -> bytes:
    return f"{bundle()}\n{pack(errand)}".encode()


def without_keys(batch: Batch) -> Batch:
    """Return ``batch`` for eyes of others: secrets are measured without the run's key."""
    return replace(
        batch,
        questions=tuple(
            replace(question, key="") if isinstance(question, SecretQuestion) else question
            for question in batch.questions
        ),
    )
