# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of Consul is shown without the secrets in it, and with all else that it says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.servicedns.consul.plugins.module_utils.consul.masking import masked

AWS = "provider=aws tag_key=role access_key_id=AKIA1 secret_access_key=S3CRET/+= addr_type=private_v4"
AWS_MASKED = "provider=aws tag_key=role access_key_id=*** secret_access_key=*** addr_type=private_v4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.100.4", "192.168.100.4"),
        ("[2001:db8::1]:8301", "[2001:db8::1]:8301"),
        (AWS, AWS_MASKED),
        # Of each provider something, and of one that is to come.
        ("provider=gce project_name=p credentials_file=/x", "provider=gce project_name=p credentials_file=***"),
        ("provider=digitalocean tag_name=t api_token=S3CRET", "provider=digitalocean tag_name=t api_token=***"),
        ("provider=os password=S3CRET user_name=u region=r", "provider=os password=*** user_name=*** region=r"),
        ("provider=triton url=https://u:S3CRET@h tag_key=k", "provider=triton url=*** tag_key=k"),
        ("provider=new pin=S3CRET", "provider=new pin=***"),
        ('provider=os password="S3 \'CRET" region=r', "provider=os password=*** region=r"),
        # As Consul logs it, in lines and as JSON.
        (
            f'[ERROR] agent: Cannot discover address: cluster=LAN address="{AWS}" error="discover-aws: denied"',
            f'[ERROR] agent: Cannot discover address: cluster=LAN address="{AWS_MASKED}" error="discover-aws: denied"',
        ),
        (
            r'agent: address="provider=os password=\"S3 CRET\" region=r" error="it said \"no\" to a=b"',
            r'agent: address="provider=os password=*** region=r" error="it said \"no\" to a=b"',
        ),
        (
            f'{{"@message":"Cannot discover address","address":"{AWS}","error":"why"}}',
            f'{{"@message":"Cannot discover address","address":"{AWS_MASKED}","error":"why"}}',
        ),
        # Elsewhere, by what it is called.
        ("Get https://api?api_key=S3CRET: no answer", "Get https://api?api_key=*** no answer"),
        ("agent: Starting: datacenter=dc1 node=n1", "agent: Starting: datacenter=dc1 node=n1"),
        ("error parsing flags: -retry-join= needs one", "error parsing flags: -retry-join= needs one"),
    ],
)
def test_keys_and_reasons_stay(text: str, expected: str) -> None:
    assert masked(text) == expected
    assert masked(f"first\n{text}\nlast") == f"first\n{expected}\nlast"


@pytest.mark.parametrize("secret", ["S3CRET", 'S3"CRET', r"S3\CRET", "S3CRET/+=&"])
def test_what_is_known_is_masked_in_any_place(secret: str) -> None:
    search = f"provider=aws region=eu secret_access_key={json.dumps(secret)}"
    config = {"acl": {"tokens": {"agent": secret}}, "log_level": "info", "ports": {"dns": 8600}, "encrypt_verify": True}
    turned = f"secret_access_key={json.dumps(secret)} provider=aws"
    for known in (search, turned, [search, "10.0.0.4"], {"retry_join_wan": [search]}, config, {"encrypt": secret}):
        for text in (secret, json.dumps(secret), json.dumps({"a": json.dumps(secret)}), f"it has {search}, and info"):
            assert "CRET" not in masked(text, known)
    assert masked("true info 8600 eu aws dns", [config, search]) == "true info 8600 eu aws dns"


def test_where_a_file_is_stays() -> None:
    config = {"tls": {"defaults": {"key_file": "/consul/key.pem"}}, "acl": {"token_file": "/consul/token"}}
    assert masked("open /consul/token: no such file", config) == "open /consul/token: no such file"


@given(st.text(alphabet='ab="\\ \n', max_size=40))
def test_any_text_comes_to_an_end(text: str) -> None:
    masked(f"{text} provider=aws {text}", [f"provider=aws secret={text}"])


@pytest.mark.parametrize("part", ['a="\\\\ ', "provider=", "provider=a b=c ", "key=value ", "a", 'provider="'])
def test_the_log_of_a_loop_comes_to_an_end(part: str) -> None:
    masked(part * 5000)
