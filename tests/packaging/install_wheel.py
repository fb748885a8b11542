"""Install the one wheel of a folder, with the lab, into a virtual environment."""

import subprocess
import sys
from pathlib import Path


def main(dist: str, environment: str) -> None:
    """Install it; the environment has nothing else of this project."""
    (wheel,) = Path(dist).glob("*.whl")
    pip = [f"{environment}/bin/python", "-m", "pip", "install", "--quiet", f"{wheel}[lab]"]
    subprocess.run(pip, check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
