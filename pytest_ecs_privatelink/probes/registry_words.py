"""What a registry, or S3 in its place, says when it does not hand out what was asked for."""

import html
import json
import re
from dataclasses import dataclass, replace
from email.message import Message

from pytest_ecs_privatelink.probes.call_records import CallStatus, Link, Outcome
from pytest_ecs_privatelink.probes.refusals import read_refusal

_LONGEST_MESSAGE = 300
_S3_CODE = re.compile(rb"<Error>.*?<Code>([A-Za-z0-9.]{1,64})</Code>", re.DOTALL)
_S3_MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")
# A registry says so in each answer, or where it wants a login.
_REGISTRY_HEADERS = ("Docker-Distribution-Api-Version", "WWW-Authenticate")
_SLOW_DOWN = frozenset({"SlowDown", "TOOMANYREQUESTS"})
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 401, 403, 404, 429, 500
_STALE = "authorization token has expired"


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answered what: ``action`` is the IAM action that the request takes."""

    link: Link
    host: str
    action: str


@dataclass(frozen=True, slots=True)
class _Words:
    """A refusal as it was said: its code and message (empty where it said neither)."""

    code: str = ""
    message: str = ""


def read_answer(who: Answerer, status: int, headers: Message, body: bytes) -> Outcome:
    """Return what it means that ``status`` and ``body`` (its beginning) came, and no content.

    Whoever speaks neither as a registry nor as S3 is somebody else on the way there:
    `CallStatus.UNEXPECTED`, except where it has troubles that pass.
    """
    words = _registry_words(body) or _s3_words(body) or _Words()
    known = bool(words.code) or any(name in headers for name in _REGISTRY_HEADERS)
    found = _status(status, words) if known or status >= _TOO_MANY else CallStatus.UNEXPECTED
    if known:
        detail = f"{who.host} answered HTTP {status}: {words.message or words.code or 'no word'}"
    else:
        kind = headers.get_content_type()
        detail = f"{who.host} answered HTTP {status}, {kind}, as no registry and no S3 would"
    outcome = Outcome(status=found, link=who.link, error=words.code or None, detail=detail)
    if found is not CallStatus.DENIED:
        return outcome
    # Only the wording counts here: registries have codes of their own for one and the same.
    refused = read_refusal(who.link, who.action, status, "AccessDenied", words.message)
    return replace(outcome, denied_by=refused.denied_by, action=refused.action)


def _status(status: int, words: _Words) -> CallStatus:
    if status == _TOO_MANY or words.code in _SLOW_DOWN:
        return CallStatus.THROTTLED
    if status >= _SERVER_ERROR:
        return CallStatus.UNAVAILABLE
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return CallStatus.EXPIRED if _STALE in words.message else CallStatus.DENIED
    return CallStatus.MISSING if status == _NOT_FOUND else CallStatus.FAILED


def _registry_words(body: bytes) -> _Words | None:
    """Return the first error of a registry's body [OCI distribution, "Error Codes"]."""
    try:
        error = json.loads(body)["errors"][0]
        code, message = error["code"], error.get("message", "")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    return _Words(_line(code), _line(str(message))) if isinstance(code, str) else None


def _s3_words(body: bytes) -> _Words | None:
    """Return the error in S3's body [Amazon S3 API, "REST error responses"].

    Read as text: what answers may be anyone, and an XML parser is no place for anyone.
    """
    code, message = _S3_CODE.search(body), _S3_MESSAGE.search(body)
    if code is None:
        return None
    said = html.unescape(message[1].decode(errors="replace")) if message else ""
    return _Words(code[1].decode(), _line(said))


def _line(text: str) -> str:
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[: _LONGEST_MESSAGE - 4]} ..."
