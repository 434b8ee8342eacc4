# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots are whole, and of which datacenter."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from snapshots import GOOD, INDEX, TERM, archive, of_datacenter, state

from ansible_collections.servicedns.consul.plugins.module_utils.consul.snapshot import (
    Snapshot,
    datacenter_of,
    inspected,
    refuse_stranger,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

SEEN = Snapshot(INDEX, TERM, "dc1")
DC1 = of_datacenter("dc1")


def test_a_whole_snapshot(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(GOOD)
    assert inspected(str(tmp_path / "x")) == SEEN


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"no gzip", "Not a gzipped file"),
        (gzip.compress(b"no tar" * 200), "invalid header"),
        (gzip.compress(b""), "empty file"),
        (GOOD[:-1], "ended before the end-of-stream marker"),
        (GOOD[: len(GOOD) // 2], "unexpected end of data|ended before"),
        (GOOD + b"x", "Not a gzipped file"),
        (GOOD + gzip.compress(b"more"), "something follows its end"),
        (archive(DC1, meta_json=None), "it has no meta.json"),
        (archive(DC1, state_bin=None, SHA256SUMS=None), "it has no state.bin and no SHA256SUMS"),
        (archive(DC1, state_bin=of_datacenter("dc2")), "the SHA-256 sum of state.bin is not the one that SHA256SUMS has"),
        (archive(DC1, meta_json=b'{"Index": 1}'), "the SHA-256 sum of meta.json is not the one"),
        (archive(DC1, SHA256SUMS=b""), "the SHA-256 sum of meta.json is not the one"),
        (archive(DC1, evil=b"x"), "it has an unexpected 'evil'"),
        (archive(b""), "state.bin has 0 bytes, and meta.json says 0"),
    ],
)  # fmt: skip
def test_what_is_no_whole_snapshot(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    with pytest.raises(HostError, match=f"^{file} is no whole snapshot of Consul: .*({reason})"):
        inspected(str(file))


def test_a_part_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """Readers differ in which of the two they take."""
    tar = gzip.decompress(GOOD)
    meta = tar[:1024]
    assert meta.startswith(b"meta.json")
    (tmp_path / "x").write_bytes(gzip.compress(meta + tar))
    with pytest.raises(HostError, match=r"unexpected 'meta\.json'"):
        inspected(str(tmp_path / "x"))


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    for path in (tmp_path / "x", tmp_path):
        with pytest.raises(HostError, match=f"^there is no file {path}$"):
            inspected(str(path))


def test_any_byte_that_is_flipped_is_found(tmp_path: Path) -> None:
    """But for those of the header of gzip that mean nothing here: time, level and system."""
    file = tmp_path / "x"
    for position in range(len(GOOD)):
        damaged = bytearray(GOOD)
        damaged[position] ^= 0xFF
        file.write_bytes(damaged)
        if 4 <= position < 10:
            assert inspected(str(file)) == SEEN
            continue
        with pytest.raises(HostError, match="is no whole snapshot"):
            inspected(str(file))


PEERED = (0, {"Datacenter": "dc9", "PeerName": "peer"})
NODE = (0, {"Datacenter": "dc1", "PeerName": None})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (state(NODE), "dc1"),
        (state((26, {"Datacenter": "dc8"}), PEERED, NODE, (0, {"Datacenter": "dc7"})), "dc1"),
        (state(PEERED), ""),
        (state((0, {"Node": "node1"}), (2, {"Key": "Datacenter", "Value": "dc9"})), ""),
        (state(NODE)[:-9], ""),
        (state() + b"\x00\x01", ""),
        (state() + b"\x00\x81\xaaDatacenter\xa1\xff", ""),
        (b"\x91" * 100000, ""),
        (b"", ""),
    ],
    ids=range(9),
)
def test_datacenter_of_a_state(content: bytes, expected: str) -> None:
    assert datacenter_of(content) == expected


@pytest.mark.parametrize(
    ("found", "origin", "said"),
    [
        ("dc1", "", ""),
        ("dc1", "dc1", ""),
        ("dc2", "dc2", ""),
        ("", "none", ""),
        ("dc2", "", "the datacenter dc2, and not of dc1; where that is meant, O(from_datacenter) has to be dc2"),
        ("dc1", "dc2", "the datacenter dc1, and not of dc2; where that is meant, O(from_datacenter) has to be dc1"),
        ("", "", "the datacenter none, and not of dc1; where that is meant, O(from_datacenter) has to be none"),
    ],
)
def test_a_snapshot_of_another_datacenter(found: str, origin: str, said: str) -> None:
    if not said:
        refuse_stranger(Snapshot(1, 1, found), "dc1", origin)
        return
    with pytest.raises(HostError) as refused:
        refuse_stranger(Snapshot(1, 1, found), "dc1", origin)
    assert str(refused.value) == f"the snapshot has the nodes of {said}"
