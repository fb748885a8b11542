"""Where the bundled scenarios lie."""

from pathlib import Path


def scenarios_folder() -> Path:
    """Return the bundled scenarios: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"
