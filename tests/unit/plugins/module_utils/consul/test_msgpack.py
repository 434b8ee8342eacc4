# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of MessagePack, as its specification writes them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.msgpack import Unpacker


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("00", 0),
        ("7f", 127),
        ("e0", -32),
        ("ff", -1),
        ("c0", None),
        ("c2", False),
        ("c3", True),
        ("ccff", 255),
        ("cd0100", 256),
        ("ce00010000", 65536),
        ("cf0000000100000000", 2**32),
        ("d0df", -33),
        ("d1ff00", -256),
        ("d2ffff0000", -65536),
        ("d3ffffffff00000000", -(2**32)),
        ("ca3fc00000", 1.5),
        ("cb3ff8000000000000", 1.5),
        ("a0", b""),
        ("a3646331", b"dc1"),
        ("d903646331", b"dc1"),
        ("da0003646331", b"dc1"),
        ("db00000003646331", b"dc1"),
        ("c403646331", b"dc1"),
        ("c50003646331", b"dc1"),
        ("c600000003646331", b"dc1"),
        ("d4050a", b"\x05\x0a"),
        ("c7020501ff", b"\x05\x01\xff"),
        ("c800010501", b"\x05\x01"),
        ("c9000000010501", b"\x05\x01"),
        ("90", []),
        ("9201a161", [1, b"a"]),
        ("dc000101", [1]),
        ("dd0000000101", [1]),
        ("80", {}),
        ("81a16181a162c0", {b"a": {b"b": None}}),
        ("de0001a16101", {b"a": 1}),
        ("df00000001a16101", {b"a": 1}),
    ],
)
def test_values(data: str, expected: Any) -> None:
    unpacker = Unpacker(bytes.fromhex(data + "2a"))
    found = unpacker.value()
    assert found == expected and type(found) is type(expected)
    assert unpacker.value() == 42, "what follows is the next value"


@pytest.mark.parametrize("length", [1, 2, 4, 8, 16])
def test_extensions_of_one_length(length: int) -> None:
    first = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}[length]
    assert Unpacker(bytes([first, 5]) + b"x" * length).value() == b"\x05" + b"x" * length


@pytest.mark.parametrize("data", ["", "a3", "a36463", "cd01", "92", "81a161", "c1", "8101c0", "dd00000001"])
def test_what_is_no_value(data: str) -> None:
    with pytest.raises(ValueError, match="in the middle|no value begins|a key is no text"):
        Unpacker(bytes.fromhex(data)).value()
