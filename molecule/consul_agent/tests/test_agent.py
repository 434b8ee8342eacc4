"""Every choice that the reference case does not make, and what an agent keeps when its container is made anew."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from testinfra.host import Host

import lab

testinfra_hosts = [lab.backend("node1"), lab.backend("node2")]


def play(node: str, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run the role on a host, with other variables than the inventory's."""
    return lab.play(
        "molecule/consul_agent/converge.yml",
        "--limit",
        node,
        "--extra-vars",
        json.dumps(variables),
        "--diff",
        *arguments,
    )


def changed(node: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run it, and let it change something."""
    run = play(node, **variables)
    assert run.returncode == 0, run.stdout
    assert "changed=0" not in run.stdout
    return run


def ttls(host: Host) -> list[str]:
    """The TTL of a node and of a service."""
    answer = host.check_output("dig -p 8600 @127.0.0.1 +noall +answer seven.node.example consul.service.example")
    return [line.split()[1] for line in answer.splitlines()]


@pytest.fixture(scope="module")
def flags() -> dict[str, dict[str, list[str]]]:
    return {node: lab.flags(lab.connect(node)) for node in ("node1", "node2")}


def test_address(flags: dict[str, dict[str, list[str]]]) -> None:
    """One is told its address, the other takes the one of its default route."""
    assert flags["node1"]["-bind"] == ["192.168.102.4"]
    assert flags["node2"]["-bind"][0] in lab.connect("node2").check_output("ip -o route get 203.0.113.1").split()
    assert not flags["node2"]["-bind"][0].startswith("192.168.")


def test_names(flags: dict[str, dict[str, list[str]]]) -> None:
    assert (flags["node1"]["-node"], flags["node1"]["-datacenter"]) == (["seven"], ["dc1"])
    assert (flags["node2"]["-node"], flags["node2"]["-datacenter"]) == (["node2"], ["dc2"])
    assert lab.dig(lab.connect("node1"), "-p 8600 @127.0.0.1 seven.node.example") == ["192.168.102.4"]
    assert lab.dig(lab.connect("node1"), "-p 8600 @127.0.0.1 seven.node.consul") == []


def test_client_address_answers_the_network() -> None:
    assert lab.dig(lab.connect("node2"), "-p 8600 @192.168.102.4 consul.service.example") == ["192.168.102.4"]


def test_script_checks(flags: dict[str, dict[str, list[str]]]) -> None:
    assert not [flag for flag in flags["node1"] if "script-checks" in flag]
    assert flags["node2"]["-enable-script-checks"] == [""]
    assert "-enable-local-script-checks" not in flags["node2"]


def test_no_ui(flags: dict[str, dict[str, list[str]]]) -> None:
    for node in ("node1", "node2"):
        assert "-ui" not in flags[node]
        assert (
            lab.connect(node).check_output("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8500/ui/") == "404"
        )


def test_passthrough(flags: dict[str, dict[str, list[str]]]) -> None:
    assert flags["node1"]["-log-level"] == ["debug"]
    assert ttls(lab.connect("node1")) == ["3", "5"]


def test_image_from_archive() -> None:
    host = lab.connect("node2")
    assert lab.inspect(host)["Config"]["Image"] == "servicedns-lab/consul:latest"
    assert "hashicorp" not in host.check_output("docker images")


def test_a_recreated_container_keeps_its_data() -> None:
    """A changed flag makes the container anew; node id and what Raft holds outlive it."""
    host = lab.connect("node1")
    assert host.check_output("curl -s --fail -X PUT -d kept http://127.0.0.1:8500/v1/kv/data") == "true"
    container, node_id = lab.inspect(host)["Id"], lab.api(host, "/v1/agent/self")["Config"]["NodeID"]
    changed("node1", consul_agent_flags={"log-level": "warn"})
    assert lab.inspect(host)["Id"] != container
    assert lab.api(host, "/v1/agent/self")["Config"]["NodeID"] == node_id
    assert lab.api(host, "/v1/kv/data")[0]["Value"] == "a2VwdA=="
    changed("node1")


def test_what_consul_reloads_is_in_force_without_a_restart() -> None:
    host = lab.connect("node1")
    container = lab.inspect(host)["Id"], lab.inspect(host)["State"]["StartedAt"]
    config = {"dns_config": {"service_ttl": {"*": "6s"}}, "node_meta": {"rack": "seven"}}
    variables = {"consul_agent_dns_ttl": 4, "consul_agent_config": config}
    run = play("node1", "--check", **variables)
    assert "The agent's change would be in force after its reload." in run.stdout
    assert ttls(host) == ["3", "5"]
    run = changed("node1", **variables)
    assert "~ dns_config\n" in run.stdout and "+ node_meta\n" in run.stdout
    assert "6s" not in run.stdout, "what is passed through may be a secret"
    assert ttls(host) == ["4", "6"]
    assert lab.api(host, "/v1/agent/self")["Meta"]["rack"] == "seven"
    assert (lab.inspect(host)["Id"], lab.inspect(host)["State"]["StartedAt"]) == container
    assert host.check_output("ls -A /etc/consul.d") == "agent.json"
    assert "changed=0" in play("node1", **variables).stdout
    changed("node1")


def test_a_level_of_the_log_needs_no_restart() -> None:
    host = lab.connect("node2")
    container = lab.inspect(host)["Id"]
    acl = {"enabled": True, "default_policy": "allow"}
    changed("node2", consul_agent_config={"acl": acl, "log_level": "debug"})
    assert lab.api(host, "/v1/agent/self")["DebugConfig"]["Logging"]["LogLevel"] == "debug"
    assert lab.inspect(host)["Id"] == container
    changed("node2")


def test_whom_to_join_waits_for_the_next_start() -> None:
    host = lab.connect("node2")
    container = lab.inspect(host)["Id"]
    joins = ["192.168.102.99"]
    changed("node2", consul_agent_retry_join=joins)
    assert lab.inspect(host)["Id"] == container
    assert lab.config(host)["retry_join"] == joins
    assert lab.api(host, "/v1/agent/self")["DebugConfig"]["RetryJoinLAN"] == []
    host.check_output("docker restart consul")
    lab.until(host, "curl -sf http://127.0.0.1:8500/v1/status/leader | grep -q 8300")
    assert lab.api(host, "/v1/agent/self")["DebugConfig"]["RetryJoinLAN"] == joins
    assert "changed=0" in play("node2", consul_agent_retry_join=joins).stdout
    changed("node2")


def test_a_server_that_elected_itself_is_restarted_when_there_are_to_be_more() -> None:
    host = lab.connect("node1")
    containers = [lab.inspect(host)["Id"]]
    for expected in (3, 5, 1):
        changed("node1", consul_agent_bootstrap_expect=expected)
        assert lab.config(host)["bootstrap_expect"] == expected
        containers.append(lab.inspect(host)["Id"])
    assert containers[0] != containers[1] == containers[2] == containers[3]
    assert "changed=0" in play("node1").stdout


def test_another_tag_of_the_image_changes_nothing() -> None:
    host = lab.connect("node2")
    other = "mirror.example/consul:1"
    container = lab.inspect(host)["Id"]
    host.check_output(f"docker tag servicedns-lab/consul:latest {other}")
    assert "changed=0" in play("node2", consul_agent_image=other, consul_agent_image_archive="").stdout
    assert lab.inspect(host)["Id"] == container
    host.check_output(f"docker rmi {other}")


def test_a_run_cut_off_before_the_container_is_completed() -> None:
    """Its file says it all already, and the container's label does not."""
    host = lab.connect("node1")
    container = lab.inspect(host)["Id"]
    variables = {"consul_agent_config": {"dns_config": {"service_ttl": {"*": "5s"}}, "log_json": True}}
    config = json.dumps({**lab.config(host), "log_json": True})
    host.check_output(f"cat > /etc/consul.d/agent.json << 'END'\n{config}\nEND")
    changed("node1", **variables)
    assert lab.inspect(host)["Id"] != container
    changed("node1")


def test_an_invalid_configuration_is_refused_and_changes_nothing() -> None:
    host = lab.connect("node1")
    before = host.check_output("cat /etc/consul.d/agent.json"), lab.inspect(host)["State"]["StartedAt"]
    wrong = '{"consul_agent_config": {"no_such_key": 1}}'
    run = lab.play("molecule/consul_agent/converge.yml", "--limit", "node1", "--extra-vars", wrong)
    assert run.returncode != 0
    assert "invalid config key no_such_key" in run.stdout
    assert (host.check_output("cat /etc/consul.d/agent.json"), lab.inspect(host)["State"]["StartedAt"]) == before


def test_a_wrong_flag_is_refused_and_changes_nothing() -> None:
    host = lab.connect("node1")
    before = host.check_output("cat /etc/consul.d/agent.json"), lab.inspect(host)["State"]["StartedAt"]
    wrong = '{"consul_agent_flags": {"log-levell": "debug"}, "consul_agent_config": {"log_level": "info"}}'
    run = lab.play("molecule/consul_agent/converge.yml", "--limit", "node1", "--extra-vars", wrong)
    assert run.returncode != 0
    assert "flag provided but not defined: -log-levell" in run.stdout
    assert (host.check_output("cat /etc/consul.d/agent.json"), lab.inspect(host)["State"]["StartedAt"]) == before


def test_another_order_is_no_change() -> None:
    config = {"acl": {"default_policy": "allow", "enabled": True}, "addresses": {}}
    for each in (config, {name: config[name] for name in reversed(config)}):
        run = lab.play(
            "molecule/consul_agent/converge.yml", "--limit", "node2", "-e", json.dumps({"consul_agent_config": each})
        )
        assert run.returncode == 0, run.stdout
    assert "changed=0" in run.stdout


def test_damaged_files_are_repaired() -> None:
    """An agent that cannot read its files starts again for ever: a run repairs owner, mode and content."""
    host = lab.connect("node2")
    node_id = lab.api(host, "/v1/agent/self")["Config"]["NodeID"]
    host.check_output("echo '{' > /etc/consul.d/services.json; truncate -s 9 /etc/consul.d/agent.json")
    host.check_output("chown -R root /etc/consul.d /var/lib/consul; docker restart consul")
    lab.until(host, "docker inspect consul | grep -q '\"Restarting\": true'")
    run = lab.play("molecule/consul_agent/converge.yml", "--limit", "node2")
    assert run.returncode == 0, run.stdout
    assert "services.json was damaged" in run.stdout
    assert lab.api(host, "/v1/agent/self")["Config"]["NodeID"] == node_id
    run = lab.play("molecule/consul_agent/converge.yml", "--limit", "node2")
    assert "changed=0" in run.stdout


def test_data_outlives_its_container() -> None:
    """The directory is ours by its mark, and one of a time without marks by its container."""
    host = lab.connect("node2")
    node_id = lab.api(host, "/v1/agent/self")["Config"]["NodeID"]
    for gone in ("rm /var/lib/consul/.servicedns.consul", "docker rm --force consul"):
        host.check_output(gone)
        run = lab.play("molecule/consul_agent/converge.yml", "--limit", "node2")
        assert run.returncode == 0, run.stdout
        assert host.file("/var/lib/consul/.servicedns.consul").exists
        assert lab.api(host, "/v1/agent/self")["Config"]["NodeID"] == node_id
    run = lab.play("molecule/consul_agent/converge.yml", "--limit", "node2")
    assert "changed=0" in run.stdout


def test_data_is_not_left_behind() -> None:
    run = lab.play(
        "molecule/consul_agent/converge.yml", "--limit", "node2", "-e", "consul_agent_data_directory=/srv/new"
    )
    assert run.returncode != 0
    assert "to move it from /var/lib/consul, docker stop consul && mv" in " ".join(run.stdout.split())
    assert not lab.connect("node2").file("/srv/new").exists
