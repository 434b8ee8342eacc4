"""The catalogue follows the list, leaves what others registered alone, and the agent is never restarted for it."""

from __future__ import annotations

import json
from typing import Any

import lab
import pytest
from testinfra.host import Host

testinfra_hosts = [lab.container("node1")]
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


@pytest.fixture(autouse=True)
def declared(host: Host) -> None:
    """Each test starts from the list of the inventory."""
    if set(served(host)) != DECLARED:
        assert lab.play("molecule/consul_services/converge.yml").returncode == 0


def test_registered(host: Host) -> None:
    found = served(host)
    assert set(found) == DECLARED
    assert (found["web"]["Port"], found["web"]["Tags"], found["web"]["Meta"]) == (80, ["blue", "green"], {"team": "a"})
    assert (found["web-2"]["Service"], found["web-2"]["Port"], found["web-2"]["Address"]) == ("web", 81, "192.0.2.7")


def test_resolves(host: Host) -> None:
    assert lab.dig(host, "-p 8600 @127.0.0.1 web.service.consul") == ["192.0.2.7", "192.168.101.4"]
    assert {answer.split()[2] for answer in lab.dig(host, "-p 8600 @127.0.0.1 web.service.consul SRV")} == {"80", "81"}
    assert lab.dig(host, "-p 8600 @127.0.0.1 green.web.service.consul") == ["192.168.101.4"]


def test_removed_service_disappears_and_others_stay(host: Host) -> None:
    started = lab.inspect(host)["State"]["StartedAt"]
    foreign = json.dumps({"Name": "foreign", "Port": 9})
    host.check_output(f"curl -s --fail -X PUT -d '{foreign}' http://127.0.0.1:8500/v1/agent/service/register")
    code, output = declare([{"name": "web", "port": 8080}])
    assert code == 0, output
    assert {key: service["Port"] for key, service in served(host).items()} == {"web": 8080, "foreign": 9}
    assert lab.dig(host, "-p 8600 @127.0.0.1 without-port.service.consul") == []
    assert lab.dig(host, "-p 8600 @127.0.0.1 foreign.service.consul") == ["192.168.101.4"]
    assert declare([])[0] == 0
    assert set(served(host)) == {"foreign"}
    host.check_output("curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/service/deregister/foreign")
    assert lab.inspect(host)["State"]["StartedAt"] == started


def test_diff_names_services_and_no_secret(host: Host) -> None:
    code, output = declare([{"name": "web", "port": 8080, "token": "7e57-70ke"}, {"name": "new"}], "--check", "--diff")
    assert code == 0, output
    assert {line for line in output.splitlines() if line.startswith(("+n", "-w", "+w"))} == {
        "+new",
        "-web (as it was)",
        "+web (changed)",
        "-web-2",
        "-without-port",
    }
    assert "7e57-70ke" not in output
    assert set(served(host)) == DECLARED


def test_refused_services_change_nothing(host: Host) -> None:
    before = host.check_output("cat /etc/consul.d/services.json")
    code, output = declare([{"name": "web", "port": 80, "no_such_key": 1}])
    assert code != 0
    assert "invalid config key" in output
    assert "no_such_key" in output
    assert host.check_output("cat /etc/consul.d/services.json") == before
    assert host.check_output("ls -A /etc/consul.d").split() == ["agent.json", "services.json"]
    assert set(served(host)) == DECLARED


def test_a_reload_that_fails_brings_the_former_services_back(host: Host) -> None:
    """`consul validate` lets a service without a name pass; the agent does not."""
    before = host.check_output("cat /etc/consul.d/services.json")
    code, output = declare([{"name": "new"}, {"name": ""}])
    assert code != 0
    assert "has its former ones again" in output
    assert "Service name missing" in output
    assert host.check_output("cat /etc/consul.d/services.json") == before
    assert set(served(host)) == DECLARED


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
    assert host.check_output("ls -A /etc/consul.d").split() == ["agent.json", "services.json"]
