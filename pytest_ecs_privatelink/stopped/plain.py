"""ECS's text as the tables want it: one spelling, and without what somebody else has named."""

import re

_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_GIVEN_NAMES = (
    # The path of a URL; that it is a registry's is worth knowing.
    (re.compile(r"(https?://[^\s/\"']+)(/v2/)?[^\s\"']*"), r"\1\2"),
    (re.compile(r"\barn:[\w-]+:[^\s'\"]*"), "<arn>"),
    (re.compile(r"\b(User|on resource): \S+"), r"\1: <name>"),
    (re.compile(r"\b(pull|repository|image) (['\"])[^'\"]*\2"), r"\1 \2<name>\2"),
    (re.compile(r"\b(resolve ref(?:erence)?|denied for|related to) [^\s,]*[^\s,:]"), r"\1 <image>"),
)

# What signs a request stands in its query: whoever has it may repeat the request for a while.
_SIGNED = re.compile(r"(?<=\?)(?=[^\s\"']*(?:X-Amz-|Signature=))[^\s\"']*")


def without_signatures(text: str) -> str:
    """Return ``text`` without the queries of presigned URLs."""
    return _SIGNED.sub("...", text)


def one_spelling(text: str) -> str:
    """Return ``text`` on one line, with plain quotation marks."""
    return " ".join(text.translate(_QUOTES).split())


def without_names(text: str) -> str:
    """Return ``text`` without ARNs, images and paths: their owners may call them anything."""
    for pattern, instead in _GIVEN_NAMES:
        text = pattern.sub(instead, text)
    return text
