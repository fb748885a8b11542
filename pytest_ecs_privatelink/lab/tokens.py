"""The tokens that ecr.api gives out and ecr.dkr takes: both sides of the twin share one secret."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum

Clock = Callable[[], datetime]
"""Returns the present moment, with its zone."""

USER = "AWS"
LIFETIME = timedelta(hours=12)
"""How long a token is good for (ECR API Reference, "GetAuthorizationToken")."""


def clock() -> datetime:
    """Return the present moment as this machine knows it."""
    return datetime.now(UTC)


class Standing(Enum):
    """What a registry thinks of what a client shows."""

    GOOD = "good"
    MISSING = "missing"
    FOREIGN = "foreign"
    EXPIRED = "expired"


class Tokens:
    """Issues and checks the tokens of one twin; those of another are foreign to it."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def issue(self, now: datetime) -> tuple[str, datetime]:
        """Return an authorization token, ``AWS:`` and a password in base 64, and when it ends."""
        ends = now + LIFETIME
        moment = str(int(ends.timestamp()))
        word = f"{USER}:{moment}.{self._seal(moment)}"
        return base64.b64encode(word.encode()).decode(), ends

    def standing(self, authorization: str | None, now: datetime) -> Standing:
        """Return what an Authorization header is worth."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "basic":
            return Standing.MISSING
        try:
            user, _, word = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Standing.FOREIGN
        moment, _, seal = word.partition(".")
        if user != USER or not hmac.compare_digest(seal.encode(), self._seal(moment).encode()):
            return Standing.FOREIGN
        return Standing.GOOD if now.timestamp() <= int(moment) else Standing.EXPIRED

    def _seal(self, moment: str) -> str:
        return hmac.digest(self._secret, moment.encode(), "sha256").hex()
