"""``python -m pytest_ecs_privatelink``: what the package does without pytest."""

import sys

from pytest_ecs_privatelink.explaining.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
