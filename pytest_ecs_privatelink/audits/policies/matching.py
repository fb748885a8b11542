"""IAM's patterns: ``*`` any text, ``?`` any character, ``${...}`` a value of the request.

What is matched may be a pattern itself, for a run often knows no more of a resource than
``arn:aws:ecr:REGION:ACCOUNT:repository/*``: true where all that it stands for matches, false where
nothing does, unknown between.
"""

import re
from enum import Enum

from pytest_ecs_privatelink.audits.policies.document import Patterns
from pytest_ecs_privatelink.audits.policies.truth import Truth, any_of, inverse


class Wild(Enum):
    """What stands for characters that are not known."""

    MANY = "*"
    ONE = "?"


Token = str | Wild
_PIECE = re.compile(r"\$\{(?P<escaped>[*?$])\}|(?P<variable>\$\{[^}]*\})|(?P<plain>.)", re.DOTALL)


def matches(pattern: str, text: str, *, variables: bool = False) -> Truth:
    """Return whether all, none or some of what ``text`` stands for matches ``pattern``.

    Case counts. With ``variables`` a policy variable is a text that nobody knows, and ``${*}``,
    ``${?}`` and ``${$}`` are these characters [IAM User Guide, "Policy variables"].
    """
    if pattern == "*":
        return Truth.TRUE
    tokens, unknown = _tokens(pattern, variables=variables)
    wanted, _ = _tokens(text, variables=False)
    same = _trimmed(tokens, wanted)
    tokens, wanted = tokens[same:], wanted[same:]
    if not _overlap(tokens, wanted):
        return Truth.FALSE
    return Truth.TRUE if not unknown and _covers(tokens, wanted) else Truth.UNKNOWN


def action_matches(patterns: Patterns, action: str) -> Truth:
    """Return whether an Action or NotAction element is about ``action``; case does not count."""
    found = any_of(matches(each.lower(), action.lower()) for each in patterns.texts)
    return inverse(found) if patterns.inverted else found


def resource_matches(patterns: Patterns, resource: str, *, variables: bool) -> Truth:
    """Return whether a Resource or NotResource element is about ``resource``; case counts."""
    found = any_of(matches(each, resource, variables=variables) for each in patterns.texts)
    return inverse(found) if patterns.inverted else found


def has_wildcard(text: str) -> bool:
    """Return whether ``text`` may stand for several texts."""
    return any(isinstance(token, Wild) for token in _tokens(text, variables=False)[0])


def _tokens(pattern: str, *, variables: bool) -> tuple[tuple[Token, ...], bool]:
    """Return the pattern's tokens, and whether one stands for a variable's unknown value."""
    if not variables:
        return tuple(_token(char) for char in pattern), False
    found = list(_PIECE.finditer(pattern))
    tokens = tuple(
        each["escaped"] or (Wild.MANY if each["variable"] else _token(each["plain"]))
        for each in found
    )
    return tokens, any(each["variable"] for each in found)


def _token(char: str) -> Token:
    return Wild(char) if char in ("*", "?") else char


def _trimmed(left: tuple[Token, ...], right: tuple[Token, ...]) -> int:
    """Return how many characters both begin with: ARNs begin alike."""
    same = 0
    for mine, theirs in zip(left, right, strict=False):
        if mine != theirs or isinstance(mine, Wild):
            break
        same += 1
    return same


def _covers(outer: tuple[Token, ...], inner: tuple[Token, ...]) -> bool:
    """Return whether ``outer`` matches ``inner`` with the wildcards of that taken as characters.

    Then it matches whatever they stand for. Only ``*`` takes a ``*``.
    """
    ends = {0}
    for token in outer:
        if token is Wild.MANY:
            ends = set(range(min(ends), len(inner) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(inner) and _takes(token, inner[end])}
        if not ends:
            return False
    return len(inner) in ends


def _takes(token: Token, other: Token) -> bool:
    return token == other or (token is Wild.ONE and other is not Wild.MANY)


def _overlap(left: tuple[Token, ...], right: tuple[Token, ...]) -> bool:
    """Return whether some text matches both patterns."""
    ends = _with_empty({0}, right)
    for token in left:
        if token is Wild.MANY:
            ends = set(range(min(ends), len(right) + 1))
        else:
            ends = _with_empty(
                {next_ for end in ends for next_ in _after(end, token, right)}, right
            )
        if not ends:
            return False
    return len(right) in ends


def _after(end: int, token: Token, right: tuple[Token, ...]) -> tuple[int, ...]:
    """Return where ``right`` may stand after one more character, which ``token`` matches."""
    if end == len(right):
        return ()
    if right[end] is Wild.MANY:
        return (end,)
    met = token == right[end] or Wild.ONE in (token, right[end])
    return (end + 1,) if met else ()


def _with_empty(ends: set[int], right: tuple[Token, ...]) -> set[int]:
    """Add where ``right`` stands if its next ``*`` are empty texts."""
    found, new = set(ends), set(ends)
    while new:
        new = {end + 1 for end in new if end < len(right) and right[end] is Wild.MANY} - found
        found |= new
    return found
