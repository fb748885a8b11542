"""What AWS's refusals mean, by their codes and wordings."""

import re

from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link, Outcome

# As botocore's retries count them, less those of other services.
_THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededThrottling",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_UNAVAILABLE = frozenset(
    {"InternalFailure", "InternalServerError", "InternalServiceError", "ServiceUnavailable"}
    | {"InternalServerException", "ServiceUnavailableException", "ServerException"}
)
_EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_MISSING = frozenset(
    {
        "ImageNotFoundException",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
    }
)
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"}
)
_KMS_CODES = frozenset({"DecryptionFailure", "InvalidKeyId"})

# In this order: a refusal that names a policy is of that policy, whichever key it is about.
_WORDINGS = (
    (r"vpc endpoint polic", Denier.ENDPOINT_POLICY),
    (r"identity-based polic|permissions boundar|session polic", Denier.IDENTITY),
    (r"service control polic|resource control polic", Denier.ORGANIZATION),
    (r"\bkms\b|customer master key|ciphertext", Denier.KMS),
    (r"resource-based polic", Denier.RESOURCE),
)
# Names are their owners' words: a secret may be called after a key.
_NAMED = re.compile(r"\b(User|on resource): \S+")
_ACTION = re.compile(r"not authorized to perform: ([A-Za-z0-9-]+:[A-Za-z0-9]+)")
_SKEWED = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_LONGEST_DETAIL = 500


def read_refusal(link: Link, action: str, http_status: int, code: str, message: str) -> Outcome:
    """Say what it means that ``action`` (``logs:PutLogEvents``) was refused by ``code``.

    Of a refusal of the signature the message is not passed on: it may repeat what was sent.
    """
    status = _status(http_status, code)
    denied = status is CallStatus.DENIED
    return Outcome(
        status=status,
        link=link,
        error=code,
        denied_by=read_denier(code, message) if denied else None,
        action=_action(message) or action,
        detail=_of_signature(code, message)
        if status is CallStatus.EXPIRED
        else _line(code, message),
    )


def _status(http_status: int, code: str) -> CallStatus:
    if code in _THROTTLING or http_status == 429:
        return CallStatus.THROTTLED
    if code in _EXPIRED:
        return CallStatus.EXPIRED
    if code in _MISSING:
        return CallStatus.MISSING
    if code in _DENIED or _is_of_kms(code):
        return CallStatus.DENIED
    if code in _UNAVAILABLE or http_status >= 500:
        return CallStatus.UNAVAILABLE
    return CallStatus.FAILED


def _is_of_kms(code: str) -> bool:
    return code in _KMS_CODES or code.startswith("KMS")


def read_denier(code: str, message: str) -> Denier:
    """Return what refused, by AWS's wording; `Denier.UNSAID` where it names nothing."""
    if _is_of_kms(code):
        return Denier.KMS
    words = _NAMED.sub(r"\1", message)
    for pattern, denier in _WORDINGS:
        if re.search(pattern, words, re.IGNORECASE):
            return denier
    return Denier.UNSAID


def _action(message: str) -> str | None:
    found = _ACTION.search(message)
    return found[1] if found else None


def _of_signature(code: str, message: str) -> str:
    if _SKEWED.search(message) or code == "RequestTimeTooSkewed":
        return f"{code}: the signature's time is not AWS's (is the clock there right?)"
    return f"{code}: the credentials are not, or no longer, valid"


def _line(code: str, message: str) -> str:
    text = " ".join(f"{code}: {message}".split()).removesuffix(":")
    return text if len(text) <= _LONGEST_DETAIL else f"{text[: _LONGEST_DETAIL - 4]} ..."
