"""Any other connection of testinfra's: its own backend runs our command, with no standard input."""

from typing import Any

import testinfra

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.vantage.instance.troubles import last_words


class Plain:
    """The host ``spec`` as testinfra connects to it; nobody can end what hangs there."""

    def __init__(self, spec: str) -> None:
        self._spec = spec

    def execute(self, command: str, stdin: bytes, seconds: float) -> Any:  # noqa: ANN401
        """Run ``command``; testinfra knows of no ``seconds``, so who waits has to give up."""
        del seconds
        if stdin:
            raise VantageError("this connection gives a command no standard input")
        try:
            return testinfra.get_host(self._spec).run(command)
        except Exception as error:  # noqa: BLE001 - each backend raises what its library raises
            said = last_words(str(error))
            raise VantageError(
                f"testinfra could not run the program ({type(error).__name__}: {said}): try it by "
                "hand"
            ) from None

    def end(self) -> None:
        """Do nothing: what is under way ends by itself."""
