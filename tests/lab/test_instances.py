"""Container instances of the twin: what a program on one finds, and that it finds only its own."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from machine_client import python, run
from twin_rehearsal import plan_of, rehearse
from twin_snapshots import (
    CLUSTER,
    ENDPOINTS,
    TASKS,
    VPC,
    healthy,
    instance_address,
    instance_id,
    interface_address,
    with_instances,
)

import pytest_ecs_privatelink
from pytest_ecs_privatelink.lab.dummy_keys import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.openssh import is_installed
from pytest_ecs_privatelink.lab.sockets import machine_path, machines_path, ssh_path
from pytest_ecs_privatelink.lab.twin import Twin
from pytest_ecs_privatelink.verdict import LaunchType

PROXY = "HTTP_PROXY=http://10.0.0.9:3128"

ASKING = """
import http.client, json, socket

def ask(method, path, headers={}, address="127.0.0.1", port=51678, unix=None):
    connection = http.client.HTTPConnection(address, port, timeout=5)
    if unix:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(unix)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()

def docker(method, path):
    return ask(method, path, unix="/var/run/docker.sock")

def metadata(path, method="GET", **headers):
    return ask(method, path, headers, "169.254.169.254", 80)

def token(seconds="60"):
    asked = {"X-aws-ec2-metadata-token-ttl-seconds": seconds}
    return ask("PUT", "/latest/api/token", asked, "169.254.169.254", 80)

def data(path):
    shown = {"X-aws-ec2-metadata-token": token()[1]}
    return ask("GET", "/latest/meta-data/" + path, shown, "169.254.169.254", 80)
"""


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """Build a twin of three: an instance, one whose agent is silent and has no role, and none."""
    plan = plan_of(with_instances(healthy(subnets=3)))
    first, second, third = plan.hosts
    assert first.agent is not None
    assert second.agent is not None
    hosts = (
        replace(first, agent=replace(first.agent, proxies=(PROXY,))),
        replace(second, agent=replace(second.agent, silent=True, started=None, role=None)),
        replace(third, agent=None),
    )
    with Twin.launch() as twin:
        twin.build(replace(plan, hosts=hosts))
        yield twin


def told(twin: Twin, i: int, expression: str) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Return what ``expression`` is on the ``i``-th instance, with `ASKING` defined."""
    return python(twin.machines[instance_id(i)], f"{ASKING}\nprint(json.dumps({expression}))")


def test_introspection(twin: Twin) -> None:
    """The agent tells its cluster, its container instance and its version, in its own words."""
    status, said = told(twin, 0, 'ask("GET", "/v1/metadata")')
    assert status == 200
    assert json.loads(said) == {
        "Cluster": "shop",
        "ContainerInstanceArn": CLUSTER.replace("cluster/shop", "container-instance/shop/0"),
        "Version": "Amazon ECS Agent - v1.90.0 (02ff320c)",
    }
    assert "AvailableCommands" in str(told(twin, 0, 'ask("GET", "/")'))


def test_silent_agent(twin: Twin) -> None:
    """Where the agent is silent nobody listens for it, and Docker knows no container of its."""
    refused = "socket.socket().connect_ex(('127.0.0.1', 51678))"
    assert told(twin, 1, refused) == 111
    assert told(twin, 1, 'docker("GET", "/containers/ecs-agent/json")') == [
        404,
        '{"message": "No such container: ecs-agent"}',
    ]


def test_docker_tells_of_the_agent(twin: Twin) -> None:
    """Docker tells when the agent was started, and its proxies; a restart starts it now."""
    before = datetime.now(UTC)
    planned, restarted, after = told(
        twin,
        0,
        """(
            docker("GET", "/v1.44/containers/ecs-agent/json"),
            docker("POST", "/containers/ecs-agent/restart"),
            docker("GET", "/containers/ecs-agent/json"),
        )""",
    )
    assert planned[0] == 200
    container = json.loads(planned[1])
    assert container["State"]["StartedAt"] == "2026-01-02T08:00:00.500000000Z"
    assert container["Config"]["Env"] == ["ECS_CLUSTER=shop", PROXY]
    assert restarted == [204, ""]
    started = json.loads(after[1])["State"]["StartedAt"]
    assert before <= datetime.fromisoformat(started) <= datetime.now(UTC)


@pytest.mark.parametrize("path", ["/containers/other/json", "/info"])
def test_docker_knows_nothing_else(twin: Twin, path: str) -> None:
    """Docker answers 404 for whatever is not the agent's container."""
    assert told(twin, 0, f"docker('GET', {path!r})") == [404, '{"message": "page not found"}']


def test_metadata_wants_a_token(twin: Twin) -> None:
    """Instance metadata is told to whom shows a token, which lasts as long as AWS allows."""
    assert told(twin, 0, 'metadata("/latest/meta-data/instance-id")') == [401, ""]
    assert told(twin, 0, '[token(each)[0] for each in ("0", "21601", "x")]') == [400] * 3
    assert told(twin, 0, 'metadata("/latest/api/token")[0]') == 405
    assert told(twin, 0, 'data("instance-id")') == [200, instance_id(0)]
    assert told(twin, 0, 'data("user-data")') == [404, ""]


def test_place_by_metadata(twin: Twin) -> None:
    """Our own reader of instance metadata finds the subnet, the VPC and the groups there."""
    source = f"""
import dataclasses, json, sys
sys.path.insert(0, {str(Path(pytest_ecs_privatelink.__file__).parents[1])!r})
from pytest_ecs_privatelink.vantage.metadata import read_instance_place
print(json.dumps(dataclasses.asdict(read_instance_place("http://169.254.169.254", 5))))
"""
    place = python(twin.machines[instance_id(0)], source)
    assert place == {"subnet": "subnet-0", "vpc": VPC, "groups": [TASKS]}


def test_role_of_an_instance(twin: Twin) -> None:
    """An instance's role gives the keys that the lab's cloud accepts; without one it is a 404."""
    role = "iam/security-credentials/"
    status, name = told(twin, 0, f"data({role!r})")
    assert status == 200
    keys = json.loads(told(twin, 0, f"data({role + name!r})")[1])
    given = [keys[each] for each in ("AccessKeyId", "SecretAccessKey", "Token")]
    assert given == [ACCESS_KEY, SECRET_KEY, SESSION_TOKEN]
    assert datetime.fromisoformat(keys["Expiration"]) > datetime.now(UTC)
    assert told(twin, 1, f"[data({role!r}), data({role + name!r})]") == [[404, ""]] * 2


def test_each_instance_is_its_own(twin: Twin) -> None:
    """Two instances have the same addresses and paths, and each finds only what is its own."""
    found = {told(twin, i, 'data("instance-id")')[1] for i in (0, 1)}
    assert found == {instance_id(0), instance_id(1)}
    for i in (0, 1):
        run(twin.machines[instance_id(i)], f"echo {i} > /var/run/of-the-lab")
    said = [run(twin.machines[instance_id(i)], "cat /var/run/of-the-lab").stdout for i in (0, 1)]
    assert said == [b"0\n", b"1\n"]
    assert not Path("/var/run/of-the-lab").exists()


def test_machine_is_left_alone() -> None:
    """What is in this machine's /run is the same before, during and after, and its links are kept.

    An instance sees its folders and links there, and none of its sockets and files.
    """
    here = Path("/var/run").resolve()
    before = sorted(os.listdir(here))
    with rehearse(with_instances(healthy(subnets=1))) as lab:
        done = run(lab.twin.machines[instance_id(0)], "ls -A /var/run/")
        assert sorted(os.listdir(here)) == before
    assert sorted(os.listdir(here)) == before
    kept = {each.name for each in here.iterdir() if each.is_dir() or each.is_symlink()}
    assert set(done.stdout.decode().split()) == {*kept, "docker.sock"}


RUN_WITH_MOUNTS = """
    import os, sys, tempfile
    from pathlib import Path
    from pytest_ecs_privatelink.lab.inside import kernel
    sys.path.insert(0, {here!r})

    kernel.enter_namespaces()
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    run = Path("/var/run").resolve()
    kernel.mount_empty(run)
    own = run / "user" / "own"
    tempfile.tempdir = str(own)
    own.mkdir(parents=True)
    kernel.mount_empty(own)
    (run / "docker.sock").touch()

    from machine_client import run
    from twin_rehearsal import rehearse
    from twin_snapshots import healthy, instance_id, with_instances
    with rehearse(with_instances(healthy(subnets=1))) as lab:
        print(lab.twin.folder.parts[-2], lab.resolve("subnet-0", "localhost", None).status)
        print(run(lab.twin.machines[instance_id(0)], "test -S /var/run/docker.sock").rc, flush=True)
    os._exit(0)
"""


def test_temporary_files_in_run() -> None:
    """The lab's files may lie in /run, in a file system of their own, beside another's Docker."""
    program = textwrap.dedent(RUN_WITH_MOUNTS.format(here=str(Path(__file__).parent)))
    done = subprocess.run([sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"own answered\n0\n"


def test_host_that_is_no_instance(twin: Twin) -> None:
    """Where the cluster has no instance, nothing runs commands and nobody can be asked for one."""
    assert list(twin.machines) == [instance_id(0), instance_id(1)]
    names = ((instance_address(i), instance_id(i)) for i in (0, 1))
    assert list(twin.ssh) == [name for pair in names for name in pair]
    assert not machine_path(twin.folder, 2).exists()
    assert not ssh_path(twin.folder, 2).exists()
    assert [each.instances for each in twin.vantages.values()] == [
        (instance_id(0),),
        (instance_id(1),),
        (),
    ]


def test_programs_find_a_python_and_no_variables(twin: Twin) -> None:
    """A command has few variables, none of them the user's, and a Python that is new enough."""
    done = run(twin.machines[instance_id(0)], "env; python3 -c 'import sys; print(sys.version)'")
    *variables, version = done.stdout.decode().splitlines()
    names = {line.partition("=")[0] for line in variables}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "LANG", "HOME"}
    assert version.startswith("3.")


def test_what_runs_there_leaves_as_an_instance() -> None:
    """A program's packets wear the instances' groups: its endpoint opens to these alone."""
    closed = with_instances(healthy(subnets=1), (ENDPOINTS,))
    with rehearse(closed, (TASKS,), instance_groups=(ENDPOINTS,)) as lab:
        dialled = f"""
import json, socket
connection = socket.socket()
connection.settimeout(0.3)
print(json.dumps([
    connection.connect_ex(({interface_address(0, 0)!r}, 443)),
    socket.gethostbyname("api.ecr.us-east-1.amazonaws.com"),
]))
"""
        status, resolved = python(lab.twin.machines[instance_id(0)], dialled)
        assert resolved == interface_address(0, 0)
        assert status != 0  # the group of instances lets nothing out; that of tasks does


def test_laboratory_says_where_instances_are() -> None:
    """The lab's folder says by id where to run commands, and how ssh gets there, for each twin."""
    snapshot = with_instances(healthy(subnets=1))
    lab = Laboratory(cloud=False, twin=True)
    try:
        for _ in range(2):
            lab.build_twin(snapshot, ("subnet-0",), dict.fromkeys(LaunchType, (TASKS,)))
            path = machine_path(lab.twin.folder, 0)
            assert json.loads(machines_path(lab.folder).read_text()) == {instance_id(0): str(path)}
            assert lab.ssh_config.exists() is is_installed()
            assert run(path, "true").rc == 0
            lab.renew_twin()
        assert lab.folder.stat().st_mode & 0o777 == 0o700
    finally:
        lab.close()
    assert not lab.folder.exists()
