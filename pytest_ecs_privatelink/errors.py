"""The errors that reach a user. Each message is one line and says what to do."""


class EcsPrivatelinkError(Exception):
    """Base of all errors raised on purpose; ``str()`` of it is one line for the user."""


class SettingsError(EcsPrivatelinkError):
    """An option, ini value or combination of them has no meaning; names the legal ones."""


class SnapshotError(EcsPrivatelinkError):
    """A snapshot file is unreadable, foreign or of an unknown schema version."""


class ReadError(EcsPrivatelinkError):
    """The VPC cannot be read: no credentials, no permission, no answer, no such VPC."""


class LabError(EcsPrivatelinkError):
    """The lab cannot start here; says what is missing and the ways around it."""


class VantageError(EcsPrivatelinkError):
    """A vantage could not look: never a verdict about the network."""
