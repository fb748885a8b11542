"""One line of JSON for each thing that the controller asked: ``{"error": null}`` or the reason."""

import json
import os

_STANDARD_OUTPUT = 1


def reply(error: Exception | None = None) -> None:
    """Tell the controller that its request is fulfilled, or why it is not."""
    line = json.dumps({"error": None if error is None else " ".join(str(error).split())})
    os.write(_STANDARD_OUTPUT, line.encode() + b"\n")
