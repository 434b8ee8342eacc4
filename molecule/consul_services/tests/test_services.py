"""The catalog follows the list, leaves what others registered alone, and the agent is never restarted for it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from testinfra.host import Host

import lab

testinfra_hosts = [lab.backend("node1")]
DECLARED = {"web", "web-2", "without-port"}


def declare(definitions: list[dict[str, Any]], *arguments: str) -> tuple[int, str]:
    run = lab.play(
        "molecule/consul_services/converge.yml",
        "--extra-vars",
        json.dumps({"consul_services_definitions": definitions}),
        *arguments,
    )
    return run.returncode, run.stdout


def served(host: Host) -> dict[str, Any]:
    found: dict[str, Any] = lab.api(host, "/v1/agent/services")
    return found


@contextlib.contextmanager
def registered_by_others(host: Host, name: str) -> Iterator[None]:
    """A service that is not of the file, while the block runs."""
    service = json.dumps({"Name": name, "Port": 9})
    host.check_output(f"curl -s --fail -X PUT -d '{service}' http://127.0.0.1:8500/v1/agent/service/register")
    try:
        yield
    finally:
        host.check_output(f"curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/service/deregister/{name}")


@pytest.fixture(autouse=True)
def declared(host: Host) -> None:
    """Each test starts from the list of the inventory."""
    if set(served(host)) != DECLARED or served(host)["web-2"]["Address"] != "192.0.2.7":
        assert lab.play("molecule/consul_services/converge.yml").returncode == 0


def test_registered(host: Host) -> None:
    found = served(host)
    assert set(found) == DECLARED
    assert (found["web"]["Port"], found["web"]["Tags"], found["web"]["Meta"]) == (80, ["blue", "green"], {"team": "a"})
    assert (found["web-2"]["Service"], found["web-2"]["Port"], found["web-2"]["Address"]) == ("web", 81, "192.0.2.7")


def test_resolves(host: Host) -> None:
    for check in ("service:web-2:1", "also"):
        host.check_output(f"curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/check/pass/{check}")
    lab.until(host, '[ "$(dig +short -p 8600 @127.0.0.1 web.service.consul | wc -l)" = 2 ]')
    assert lab.dig(host, "-p 8600 @127.0.0.1 web.service.consul") == ["192.0.2.7", "192.168.105.4"]
    assert {answer.split()[2] for answer in lab.dig(host, "-p 8600 @127.0.0.1 web.service.consul SRV")} == {"80", "81"}
    assert lab.dig(host, "-p 8600 @127.0.0.1 green.web.service.consul") == ["192.168.105.4"]


def test_removed_service_disappears_and_others_stay(host: Host) -> None:
    started = lab.inspect(host)["State"]["StartedAt"]
    with registered_by_others(host, "foreign"):
        code, output = declare([{"name": "web", "port": 8080}])
        assert code == 0, output
        assert {key: service["Port"] for key, service in served(host).items()} == {"web": 8080, "foreign": 9}
        # The agent tells the servers in its own time.
        lab.until_dig(host, "-p 8600 @127.0.0.1 without-port.service.consul")
        lab.until_dig(host, "-p 8600 @127.0.0.1 foreign.service.consul", "192.168.105.4")
        code, output = declare([])
        assert code == 0, output
        assert set(served(host)) == {"foreign"}
    assert lab.inspect(host)["State"]["StartedAt"] == started


def test_diff_names_services_and_no_secret(host: Host) -> None:
    code, output = declare([{"name": "web", "port": 8080, "token": "7e57-70ke"}, {"name": "new"}], "--check", "--diff")
    assert code == 0, output
    assert [line for line in output.splitlines() if line.startswith(("+ ", "~ ", "- "))] == [
        "+ new",
        "~ web (meta, port, tags, token, weights)",
        "- web-2",
        "- without-port",
    ]
    assert "7e57-70ke" not in output
    assert set(served(host)) == DECLARED


FILES = ["agent.json", "services.json"]
FUTURE = {"name": "web", "port": 80, "no_such_key": 1}


def state(host: Host) -> tuple[str, list[str], dict[str, str]]:
    """What a definition that is refused must not change: the file, what lies beside it, and what the checks say."""
    checks = {name: check["Status"] for name, check in lab.api(host, "/v1/agent/checks").items()}
    return (
        host.check_output("cat /etc/consul.d/services.json"),
        host.check_output("ls -A /etc/consul.d").split(),
        checks,
    )


def test_refused_definitions_touch_no_host(host: Host) -> None:
    before = state(host)
    code, output = declare([FUTURE])
    assert code != 0
    assert "consul_services_definitions[0].no_such_key: unknown key" in output
    assert "changed=0" in output
    assert state(host) == before


def test_an_unknown_key_that_is_let_through_is_judged_by_the_agent(host: Host) -> None:
    """By an agent that does not know it either, before the file takes the place of the former one."""
    before = state(host)
    code, output = declare([FUTURE], "--extra-vars", "consul_services_allow_unknown_keys=true")
    assert code != 0
    assert "invalid config key" in output
    assert state(host) == before
    assert before[1] == FILES


def test_a_reload_that_fails_brings_the_former_services_back(host: Host) -> None:
    """`consul validate` lets a script pass that this agent may not run. What passed before passes after."""
    for check in ("service:web-2:1", "also"):
        host.check_output(f"curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/check/pass/{check}")
    before = state(host)
    assert before[2] == {"service:web-2:1": "passing", "also": "passing"}
    code, output = declare([{"name": "new"}, {"name": "script", "check": {"args": ["true"], "interval": "10s"}}])
    assert code != 0
    assert "has its former ones again" in output
    assert "Scripts are disabled on this agent" in output
    assert state(host) == before
    assert set(served(host)) == DECLARED


def test_a_service_of_others_is_not_taken_over(host: Host) -> None:
    with registered_by_others(host, "theirs"):
        before = state(host)
        for arguments in (["--check"], []):
            code, output = declare([{"name": "theirs", "port": 10}], *arguments)
            assert code != 0
            assert "others registered theirs with this agent already" in output
            assert served(host)["theirs"]["Port"] == 9
            assert state(host) == before


def test_services_of_a_file_that_was_lost_are_not_those_of_others(host: Host) -> None:
    host.check_output("rm /etc/consul.d/services.json")
    run = lab.play("molecule/consul_services/converge.yml")
    assert run.returncode == 0, run.stdout
    assert set(served(host)) == DECLARED


def test_a_changed_service_keeps_the_state_of_other_checks(host: Host) -> None:
    host.check_output("curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/check/pass/also")
    web_2 = {
        "name": "web",
        "id": "web-2",
        "address": "192.0.2.8",
        "checks": [{"ttl": "24h"}, {"id": "also", "ttl": "24h"}],
    }
    code, output = declare([web_2])
    assert code == 0, output
    assert served(host)["web-2"]["Address"] == "192.0.2.8"
    assert lab.api(host, "/v1/agent/checks")["also"]["Status"] == "passing"
    # The one without a name has another name now, and no other check is left.
    assert set(lab.api(host, "/v1/agent/checks")) == {"service:web-2:1", "also"}


def test_an_interrupted_run_is_completed(host: Host) -> None:
    """Cut off between the file and the reload: the next run sees it, though the file is right already."""
    host.check_output("cp -p /etc/consul.d/services.json /etc/consul.d/.services.staged")
    host.check_output("sed -i s/8[0]/82/ /etc/consul.d/services.json")
    host.check_output("curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/reload")
    host.check_output("cp -p /etc/consul.d/.services.staged /etc/consul.d/services.json")
    assert served(host)["web"]["Port"] == 82
    run = lab.play("molecule/consul_services/converge.yml")
    assert run.returncode == 0, run.stdout
    assert "changed=1" in run.stdout
    assert served(host)["web"]["Port"] == 80
    assert host.check_output("ls -A /etc/consul.d").split() == FILES
