# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of services: those that Consul takes, and those that it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from service_lines import ENTERPRISE, FILLED, HTTP, of_check, of_service


@pytest.mark.parametrize(
    "keys",
    [
        *({"http": url} for url in ("http://localhost", "HTTPS://u:p@[::1]:8443/a b?c=d#e", "http://h:", "http://h?x")),
        {"http": "http://h", "header": {"x": ["a", ""], "y": []}, "method": "PUT", "body": "b", "timeout": "1s"},
        *(
            {"tcp": text}
            for text in ("localhost:80", "[::1]:80", ":80", "10.0.0.1:65535", "h:http", "[fe80::1%eth0]:1")
        ),
        {"udp": "localhost:53"},
        {"h2ping": "localhost:443", "h2ping_use_tls": False},
        *({"grpc": text} for text in ("localhost:1", "localhost:1/a.b/c", "[::1]:1/")),
        {"args": ["/bin/true", ""]},
        {"args": ["a"], "docker_container_id": "web", "shell": "/bin/sh"},
        {"http": "http://h", "failures_before_critical": 3, "failures_before_warning": 3, "status": "warning"},
    ],
)
def test_good_checks(keys: dict[str, Any]) -> None:
    assert of_check(interval="10s", **keys) == of_service(check={"interval": "10s", **keys}) == []


@pytest.mark.parametrize(
    "keys", [{"ttl": "30s"}, {"alias_service": "web"}, {"alias_node": "n"}, {"alias_node": "n", "alias_service": "x"}]
)
def test_good_checks_without_interval(keys: dict[str, Any]) -> None:
    assert of_check(**keys, id="own", name="", notes="é", deregister_critical_service_after="72h") == []


NOT_A_DURATION = "is not a duration: write it with the units h, m, s or ms, such as 10s or 1m30s"
MORE = "must be more than 0: write 10s or 1m30s, for example"
URL = "must be a URL with http:// or https:// and a host, such as http://localhost:8080/health"
HOST_PORT = "be host:port, such as localhost:5432 or [::1]:5432"
GRPC = "must be host:port or host:port/service, such as localhost:50051/my.service"
COUNT = "must be a whole number, 0 or more"
NO_KIND = "does not say what is checked: it needs http, tcp, udp, grpc, h2ping, ttl, args, alias_service or alias_node"
SEVERAL = "a check is of one kind, so write several checks"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"http": "http://h", "inteval": "10s"}, ".inteval: unknown key, did you mean interval?"),
        ({"script": "hunter2", "interval": "10s"}, ".script: unknown key, did you mean args?"),
        ({"script_args": ["hunter2"], "interval": "10s"}, ".script_args: unknown key, did you mean args?"),
        ({**HTTP, "TLSSkipVerify": True}, ".TLSSkipVerify: unknown key, did you mean tls_skip_verify?"),
        ({**HTTP, "CheckID": "x"}, ".CheckID: unknown key, did you mean id?"),
        ({**HTTP, "namespace": "x"}, f".namespace: {ENTERPRISE}"),
        (
            {**HTTP, "service_id": "x"},
            ".service_id: is not allowed here: a check in a service is a check of that service",
        ),
        ({**HTTP, "id": "serfHealth"}, ".id: 'serfHealth' is the id of Consul's own check of every node"),
        ({**HTTP, "interval": 10}, ".interval: 10 has no unit: write 10s"),
        ({**HTTP, "interval": "10"}, ".interval: '10' has no unit: write 10s"),
        ({**HTTP, "interval": "1d"}, f".interval: '1d' {NOT_A_DURATION}"),
        ({**HTTP, "interval": True}, f".interval: true {NOT_A_DURATION}"),
        ({**HTTP, "interval": "0s"}, f".interval: '0s' {MORE}"),
        ({**HTTP, "timeout": "-1s"}, f".timeout: '-1s' {MORE}"),
        ({"ttl": "soon"}, f".ttl: 'soon' {NOT_A_DURATION}"),
        (
            {**HTTP, "deregister_critical_service_after": 60},
            ".deregister_critical_service_after: 60 has no unit: write 60s",
        ),
        ({"http": "http://localhost"}, ".interval: is missing: how often the check runs, such as 10s"),
        (
            {"ttl": "1h", "interval": "1h"},
            ".interval: does not go with ttl: the service reports by itself, within that time",
        ),
        (
            {"alias_service": "web", "interval": "1h"},
            ".interval: does not go with alias_service: Consul sees each change of the other service at once",
        ),
        ({"alias_service": "web", "ttl": "1h"}, f": has ttl, alias_service: {SEVERAL}"),
        ({**HTTP, "tcp": "localhost:80"}, f": has http, tcp: {SEVERAL}"),
        ({}, f": {NO_KIND}"),
        ({"name": "x", "interval": "10s"}, f": {NO_KIND}"),
        ({"alias_service": ""}, f".alias_service: '' {FILLED}"),
        (
            {"alias_service": "db"},
            ".alias_service: 'db' is the id of no service of this host; one of another node needs alias_node too",
        ),
        (
            {"alias_service": "wbe"},
            ".alias_service: 'wbe' is the id of no service of this host; one of another node needs alias_node too",
        ),
        (
            {"docker_container_id": "x", "interval": "10s"},
            ".args: is missing: the program that docker_container_id runs, and its arguments",
        ),
        (
            {"args": [], "interval": "10s"},
            ".args: a list must be a list of strings, and not empty: the program and its arguments",
        ),
        (
            {"args": "hunter2", "interval": "10s"},
            ".args: a string must be a list of strings, and not empty: the program and its arguments",
        ),
        ({"args": ["true", ["4711"]], "interval": "10s"}, ".args[1]: a list must be a string"),
        (
            {"os_service": "x", "interval": "10s"},
            ".os_service: is not allowed here: Consul has it on Windows only, and an agent on Linux refuses the whole file",
        ),
        *(
            ({"http": url, "interval": "10s"}, f".http: {URL}")
            for url in (
                "",
                "localhost",
                "ftp://h",
                "http://",
                "http:///x",
                "http://h:x",
                "http://h:99999",
                "http://[x]",
                1,
            )
        ),
        ({"tcp": "localhost", "interval": "10s"}, f".tcp: 'localhost' must {HOST_PORT}"),
        ({"tcp": "::1:80", "interval": "10s"}, f".tcp: '::1:80' must {HOST_PORT}"),
        ({"udp": "h:0", "interval": "10s"}, f".udp: 'h:0' must {HOST_PORT}"),
        ({"h2ping": "http://u:hunter2@h:80", "interval": "10s"}, f".h2ping: must {HOST_PORT}"),
        ({"grpc": "localhost/x", "interval": "10s"}, f".grpc: {GRPC}"),
        ({**HTTP, "header": {"x": "hunter2"}}, ".header.x: a string is not a list"),
        ({**HTTP, "header": {"x": [True]}}, ".header.x[0]: true is not a string"),
        ({**HTTP, "body": {"a": "hunter2"}}, ".body: a mapping is not a string"),
        ({**HTTP, "tls_skip_verify": "yes"}, ".tls_skip_verify: 'yes' is not true or false"),
        ({**HTTP, "status": "ok"}, ".status: 'ok' is not one of passing, warning, critical"),
        ({**HTTP, "output_max_size": -1}, f".output_max_size: -1 {COUNT}"),
        ({**HTTP, "success_before_passing": "3s"}, f".success_before_passing: '3s' {COUNT}"),
        (
            {**HTTP, "failures_before_warning": 2, "failures_before_critical": 1},
            ".failures_before_warning: 2 is more than failures_before_critical, 1",
        ),
        (
            {**HTTP, "failures_before_warning": 1},
            ".failures_before_warning: 1 is more than failures_before_critical, 0",
        ),
    ],
)
def test_bad_checks(keys: dict[str, Any], line: str) -> None:
    assert of_check(**keys) == [f"X[0].checks[0]{line}"]
    assert of_service(check=keys) == [f"X[0].check{line}"]


def test_an_unknown_check_key_is_named_with_all_that_are_known() -> None:
    (line,) = of_check(**HTTP, xyzzy=1)
    assert line.startswith("X[0].checks[0].xyzzy: unknown key; allowed are alias_node, alias_service, args, body,")
