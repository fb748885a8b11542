"""A refusal of the lab's cloud."""


class CallRefusedError(Exception):
    """AWS's code of an error, and its message."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
