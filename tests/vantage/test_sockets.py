"""Where folders for sockets are made."""

import tempfile

import pytest

from pytest_ecs_privatelink.vantage.sockets import place_for_sockets


@pytest.mark.parametrize(
    ("usual", "place"),
    [
        ("/tmp", None),
        ("/" + "t" * 55, None),
        ("/" + "t" * 56, "/tmp"),
        ("/" + "\u00e9" * 27, None),
        ("/" + "\u00e9" * 28, "/tmp"),
    ],
)
def test_bytes_count(monkeypatch: pytest.MonkeyPatch, usual: str, place: str | None) -> None:
    """The usual folder is taken unless its name has more than 56 bytes, however many characters."""
    monkeypatch.setattr(tempfile, "tempdir", usual)
    assert place_for_sockets() == place
