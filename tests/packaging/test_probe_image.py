"""The probe image's text: what goes in, who it runs as, what its page says of it."""

import json
import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "probe-image.md").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments, continued lines as one."""
    text = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    pairs = (line.partition(" ") for line in lines if line.strip())
    return [(name, " ".join(rest.split())) for name, _, rest in pairs]


def only(name: str) -> str:
    """Return the arguments of the one instruction ``name``."""
    (found,) = (rest for each, rest in instructions() if each == name)
    return found


def test_only_wheels_go_in() -> None:
    """The context is the folder that the page's first command fills: nothing else can be copied."""
    assert only("COPY") == "*.whl /wheels/"
    assert "pip wheel --wheel-dir dist ." in PAGE
    assert "docker build --file Dockerfile --tag ecs-probe dist\n" in PAGE
    assert not {"ADD", "VOLUME", "EXPOSE"} & {name for name, _ in instructions()}


def test_the_base_and_the_index_are_the_user_s_to_choose() -> None:
    """Both arguments have the defaults that the page names; the base is declared before FROM."""
    arguments = dict(rest.split("=") for name, rest in instructions() if name == "ARG")

    assert arguments == {"BASE_IMAGE": "python:3.12-slim", "INDEX": '""'}
    assert [name for name, _ in instructions()][:2] == ["ARG", "FROM"]
    assert only("FROM") == "${BASE_IMAGE}"
    for name in arguments:
        assert f"| `{name}` |" in PAGE
    assert f"`{arguments['BASE_IMAGE']}`" in PAGE


def test_without_an_index_nothing_is_fetched() -> None:
    """The build of a closed network takes wheels alone, and leaves none behind."""
    run = only("RUN")

    assert (
        'if [ -n "${INDEX}" ]; then set -- --index-url "${INDEX}"; else set -- --no-index; fi'
        in run
    )
    assert '--find-links /wheels "$@" pytest-ecs-privatelink' in run
    assert run.endswith("rm -r /wheels")


def test_it_runs_as_nobody_in_particular() -> None:
    """The user is a number, not root, and set before anything could run."""
    names = [name for name, _ in instructions()]

    assert only("USER") == "10001:10001"
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    assert "user 10001" in PAGE


def test_it_is_pytest() -> None:
    """Options are the command."""
    assert json.loads(only("ENTRYPOINT")) == ["pytest"]
    assert json.loads(only("CMD")) == ["--help"]


def test_it_holds_no_secrets() -> None:
    """No variable and no argument is one that secrets come in."""
    settings = " ".join(rest for name, rest in instructions() if name in ("ARG", "ENV", "LABEL"))

    assert re.search(r"AWS_|TOKEN|SECRET|PASSWORD|KEY|://", settings, re.IGNORECASE) is None


def test_an_sdist_can_build_it() -> None:
    """The Dockerfile is in the sdist, as its page is."""
    assert '"/Dockerfile"' in (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
