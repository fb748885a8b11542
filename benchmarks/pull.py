"""What a large layer costs: memory beside a small one, and speed beside curl and sha256sum."""

import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measuring import HERE, Table, parser, run_python, tell

from pytest_ecs_privatelink.probes.call_records import CallStatus, PullQuestion
from pytest_ecs_privatelink.probes.ecr import pull
from pytest_ecs_privatelink.probes.wire import Wire

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Server:
    """The registry that runs, and its CA's bundle."""

    port: int
    folder: Path

    @property
    def ca_file(self) -> str:
        """Return the bundle's path."""
        return str(self.folder / "ca.pem")


@dataclass(frozen=True, slots=True)
class Pulled:
    """A pull in a process of its own: its seconds, and the process's peak in MiB."""

    seconds: float
    peak: float


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--small", type=int, default=1, metavar="MIB")
    options.add_argument("--large", type=int, default=512, metavar="MIB")
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    small, large, runs = chosen.small * _MIB, chosen.large * _MIB, range(chosen.runs)
    with (
        tempfile.TemporaryDirectory(prefix="pull-") as name,
        _serving(Path(name), small, large) as server,
    ):
        smalls = [_pulled(server, small) for _ in runs]
        # Taken in turn, so that whatever else the machine does meets both.
        races = [(_pulled(server, large), _curled(server, large, "sha256sum")) for _ in runs]
        alone = [_curled(server, large, "cat") for _ in runs]
    least, most = min(each.peak for each in smalls), max(pulled.peak for pulled, _ in races)
    memory = Table(
        title=f"peak resident memory of a pull, MiB, worst of {chosen.runs} pairs",
        goal="at most 40 MiB more",
        columns=("layer MiB", "peak", "more"),
        rows=((chosen.small, round(least, 1), 0.0),
              (chosen.large, round(most, 1), round(most - least, 1))),
    )  # fmt: skip
    pulling, curling, serving = (
        chosen.large / statistics.median(seconds)
        for seconds in ([each.seconds for each, _ in races], [each for _, each in races], alone)
    )
    speed = Table(
        title=f"speed of verifying a layer, MiB/s, median of {chosen.runs} runs",
        goal="at least 60 % of curl | sha256sum",
        columns=("layer MiB", "pull", "curl | sha256sum", "curl alone", "%"),
        rows=((chosen.large, round(pulling), round(curling), round(serving),
               round(100 * pulling / curling)),),
    )  # fmt: skip
    tell((memory, speed), chosen.json)


@contextlib.contextmanager
def _serving(folder: Path, *sizes: int) -> Iterator[Server]:
    command = [sys.executable, str(HERE / "layer_server.py"), str(folder), *map(str, sizes)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        yield Server(int(child.stdout.readline()), folder)
        child.communicate()


def _pulled(server: Server, size: int) -> Pulled:
    code = f"import pull; pull.pull_once({size}, {server.port}, {server.ca_file!r})"
    told = json.loads(run_python("-c", code, folder=server.folder).output)
    return Pulled(told["seconds"], told["peak"])


def pull_once(size: int, port: int, ca_file: str) -> None:
    """Pull the image whose layer has ``size`` bytes; print seconds and this process's peak."""
    question = PullQuestion(
        image=f"localhost/sized:{size}",
        api=None,
        region="us-east-1",
        port=port,
        ca_file=ca_file,
        timeout=30.0,
    )
    with Wire(ca_file=ca_file, timeout=question.timeout, port=port) as wire:
        answered = pull(question, wire, lambda *_: {})
    if answered.outcome.status is not CallStatus.OK:
        raise SystemExit(f"no fair race: {answered.outcome}")
    # Not ru_maxrss, which knows the process before exec, too.
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(json.dumps({"seconds": answered.duration_ms / 1000, "peak": int(peak) / 1024}))


def _curled(server: Server, size: int, *into: str) -> float:
    url = f"https://127.0.0.1:{server.port}/{size}"
    fetch = ["curl", "-sSf", "--noproxy", "*", "--cacert", server.ca_file, url]
    began = time.monotonic()
    with subprocess.Popen(fetch, stdout=subprocess.PIPE) as curl:
        subprocess.run(into, stdin=curl.stdout, stdout=subprocess.DEVNULL, check=True)
    if curl.returncode != 0:
        raise SystemExit(f"curl ended with {curl.returncode}")
    return time.monotonic() - began


if __name__ == "__main__":
    main()
