# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of an agent: good answers, bad ones, and none; and who is asked, as whom, over what."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from http_server import Server, serving

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    ARGUMENTS,
    AgentRefused,
    AgentSilent,
    ConsulClient,
    client_of,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

TOKEN = "7e57-70ke"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def client(server: Server) -> ConsulClient:
    return ConsulClient(f"http://127.0.0.1:{server.server_port}")


def test_what_is_asked(server: Server, client: ConsulClient) -> None:
    client.get("agent", "services")
    assert server.asked == ("GET", "/v1/agent/services", b"")
    assert "X-Consul-Token" not in server.headers and "Authorization" not in server.headers
    client.put("agent", "service", "maintenance", "a b/c", enable="true", reason="x&y")
    assert server.asked == ("PUT", "/v1/agent/service/maintenance/a%20b%2Fc?enable=true&reason=x%26y", b"")
    client.post("query", body={"Name": "é"})
    assert server.asked == ("POST", "/v1/query", b'{"Name": "\\u00e9"}')
    client.delete("kv", "x", cas="1")
    assert server.asked == ("DELETE", "/v1/kv/x?cas=1", b"")


@pytest.mark.parametrize(
    ("body", "expected"), [(b"", None), (b"\n", None), (b"true", True), (b'{"a": [1]}', {"a": [1]})]
)
def test_answers(server: Server, client: ConsulClient, body: bytes, expected: Any) -> None:
    server.answer = (200, body)
    assert client.get("x") == expected


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, b"No cluster leader\n"), "No cluster leader"),
        ((403, b""), "403 Forbidden"),
        ((404, b"\xff"), "\ufffd"),
        ((301, b""), "301 Moved Permanently"),
        ((200, b"<html>" + b"x" * 100), "the answer is not JSON: '<html>" + "x" * 74 + "'"),
    ],
)
def test_refusals(server: Server, client: ConsulClient, answer: tuple[int, bytes], words: str) -> None:
    server.answer = answer
    with pytest.raises(AgentRefused) as raised:
        client.put("x", body="secret")
    assert str(raised.value) == f"PUT {client.url}/v1/x: {words}"
    assert raised.value.status == answer[0]


def test_nobody_answers(server: Server, client: ConsulClient) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(AgentSilent, match=r"^GET http://127\.0\.0\.1:\d+/v1/x: .*Connection refused$"):
        client.get("x")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://x", "GET ftp://x/v1/x: ftp is neither http nor https"),
        ("http://[::1", "GET http://[::1/v1/x: Invalid IPv6 URL"),
        ("http://127.0.0.1:http", "GET http://127.0.0.1:http/v1/x: nonnumeric port: 'http'"),
    ],
)
def test_a_url_that_is_none(url: str, words: str) -> None:
    with pytest.raises(AgentSilent) as raised:
        ConsulClient(url).get("x")
    assert str(raised.value) == words


def test_where_the_url_leads(server: Server) -> None:
    place = f"127.0.0.1:{server.server_port}"
    for url in (place, f"http://{place}/", f"http://{place}"):
        client = ConsulClient(url)
        client.get("x")
        assert (client.url, server.asked[1]) == (f"http://{place}", "/v1/x")
    ConsulClient(f"http://{place}/consul/", datacenter="dc 2").get("x", a="b")
    assert server.asked[1] == "/consul/v1/x?a=b&dc=dc+2"


def test_a_token_and_a_password_are_sent_and_never_shown(server: Server) -> None:
    place = f"127.0.0.1:{server.server_port}"
    client = ConsulClient(f"http://operator:p%40ss-{TOKEN}@{place}", TOKEN)
    client.get("x")
    assert server.headers["X-Consul-Token"] == TOKEN
    assert server.headers["Authorization"] == "Basic b3BlcmF0b3I6cEBzcy03ZTU3LTcwa2U="
    server.answer = (403, b"Permission denied")
    with pytest.raises(AgentRefused) as refused:
        client.get("x")
    assert str(refused.value) == f"GET http://{place}/v1/x: Permission denied"
    for bad in (f"{TOKEN}\n", f"{TOKEN} x", f"{TOKEN}é"):
        with pytest.raises(HostError) as no_token:
            ConsulClient(place, bad)
        assert TOKEN not in str(no_token.value)


def test_an_answer_in_time(server: Server, client: ConsulClient) -> None:
    server.delay, client.timeout = 1.0, 0.2
    with pytest.raises(AgentSilent, match=r"^GET http://127\.0\.0\.1:\d+/v1/x: timed out$"):
        client.get("x")
    client.timeout = 5.0
    assert client.get("x") == {}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that is signed by itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "agent")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "agent.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_who_is_trusted(certificate: Path, tmp_path: Path) -> None:
    with serving(certificate) as server:
        url = f"https://127.0.0.1:{server.server_port}"
        assert ConsulClient(url, ca_path=str(certificate)).get("x") == {}
        assert ConsulClient(url, validate_certs=False).get("x") == {}
        with pytest.raises(AgentSilent, match=rf"^GET {url}/v1/x: .*CERTIFICATE_VERIFY_FAILED.*self.signed"):
            ConsulClient(url).get("x")
        with pytest.raises(AgentSilent, match="CERTIFICATE_VERIFY_FAILED.*Hostname mismatch"):
            ConsulClient(url.replace("127.0.0.1", "localhost"), ca_path=str(certificate)).get("x")
        with pytest.raises(AgentSilent, match="CERTIFICATE_VERIFY_FAILED"):
            ConsulClient(url, ca_path=str(tmp_path)).get("x")
        with pytest.raises(AgentSilent, match=r"No such file or directory: '/none\.pem'$"):
            ConsulClient(url, ca_path="/none.pem").get("x")


def test_the_client_that_parameters_describe() -> None:
    given = {"url": "https://a:8501", "token": TOKEN, "ca_path": "/ca.pem", "validate_certs": False}
    assert set(given) == set(ARGUMENTS)
    client = client_of({**given, "services": "[]"}, timeout=90.0)
    assert {name: getattr(client, name) for name in given} == given
    assert (client.timeout, client.datacenter) == (90.0, "")
