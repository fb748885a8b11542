"""Values as text that survives terminals, banners and logs on its way. Travels to hosts.

A parcel is a line that begins it (with the length and SHA-256 of what follows), lines of base64
over zlib over JSON, and a line that ends it. What stands before and after does not matter: login
banners, greetings of shells and the remarks of SSM are all in the way.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterable
from typing import Any

from pytest_ecs_privatelink.records import to_json

_NAME = "ECS PRIVATELINK PARCEL"
_END = f"-----END {_NAME}-----"
_BEGIN = re.compile(rf"-----BEGIN {_NAME} (\d{{1,9}}) ([0-9a-f]{{64}})-----")
_WIDTH = 76
_LARGEST = 64 << 20  # bytes of JSON: nobody's answer may fill the memory
_LONGEST_REMARK = 100


class ParcelError(ValueError):
    """There is no whole parcel in a text; one line that says what is there instead."""


def pack(value: object) -> str:
    """Return ``value`` (records, tuples, enums and scalars, nested) as a parcel."""
    text = json.dumps(to_json(value), separators=(",", ":"))
    body = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    lines = [body[i : i + _WIDTH] for i in range(0, len(body), _WIDTH)]
    return "\n".join((f"-----BEGIN {_NAME} {len(body)} {digest_of(body)}-----", *lines, _END, ""))


def unpack(text: str) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Return the JSON value of the last parcel in ``text``; raise `ParcelError`."""
    body = _body(text)
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(base64.b64decode(body, validate=True), _LARGEST)
        if unpacker.eof:
            return json.loads(plain)
    except (ValueError, zlib.error, RecursionError):
        raise ParcelError("the parcel holds no JSON") from None
    raise ParcelError(f"the parcel holds no JSON, or more than {_LARGEST >> 20} MiB of it")


def take_one(lines: Iterable[str]) -> str:
    """Return ``lines`` up to the end of a parcel: who sends it need not hang up."""
    taken = []
    for line in lines:
        taken.append(line)
        if line.startswith(_END):
            break
    return "".join(taken)


def digest_of(body: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(body.encode(errors="replace")).hexdigest()


def _body(text: str) -> str:
    begins = list(_BEGIN.finditer(text))
    if not begins:
        raise ParcelError(f"no answer came back{remark(text)}")
    begin = begins[-1]
    inside, ended, _ = text[begin.end() :].partition(_END)
    body, length = "".join(inside.split()), int(begin[1])
    if not ended:
        raise ParcelError(f"the answer is cut off after {len(body)} of {length} characters")
    if len(body) != length or digest_of(body) != begin[2]:
        raise ParcelError("the answer is damaged: its length or checksum is another")
    return body


def remark(text: str) -> str:
    """Return what came in place of something: ``text``'s last line, since errors come last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    last = "".join(each if each.isprintable() else "?" for each in lines[-1])
    cut = f"{last[:_LONGEST_REMARK]} ..." if len(last) > _LONGEST_REMARK else last
    return f", only: {cut}"
