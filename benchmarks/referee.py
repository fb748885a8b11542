"""The kernel as referee of the audits: random VPCs, judged by both.

Each world is a VPC drawn at random (groups, ACLs, routes, endpoints, names), compiled into a lab of
its own, and probed from every subnet. A cell that a finding blocks should not pass its probe, and
one that no finding blocks should.
"""

import sys
import time
from pathlib import Path

from measuring import Table, parser, tell

sys.path.append(str(Path(__file__).parents[1] / "tests" / "referee"))

from random_worlds import many
from refereeing import AT_ONCE, judge_all
from shrinking import smallest, told


def main() -> int:
    """Judge and tell; the exit status is 1 where audits and probes disagree."""
    options = parser(__doc__)
    options.add_argument("--worlds", type=int, default=300)
    options.add_argument("--seed", type=int, default=0, help="the first of the worlds' seeds")
    options.add_argument("--at-once", type=int, default=AT_ONCE, help="worlds judged at once")
    chosen = options.parse_args()
    began = time.monotonic()
    judged = list(judge_all(many(chosen.worlds, chosen.seed), chosen.at_once))
    seconds = time.monotonic() - began
    wrong = [each for each in judged if each.disagreements]
    table = Table(
        title="what audits predict, and what probes in the lab observe",
        goal="no disagreement; 300 worlds in at most 240 s",
        columns=("worlds", "cells", "red cells", "left to probes", "disagreements", "seconds"),
        rows=(
            (
                len(judged),
                sum(each.cells for each in judged),
                sum(each.red for each in judged),
                sum(each.left for each in judged),
                sum(len(each.disagreements) for each in judged),
                round(seconds, 1),
            ),
        ),
    )
    tell((table,), chosen.json)
    if wrong:
        print(f"\n{len(wrong)} worlds disagree; the first of them, made small:")
        print(told(smallest(wrong[0])))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
