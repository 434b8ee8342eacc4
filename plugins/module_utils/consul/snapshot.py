# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a snapshot of a datacenter.

It is a secret: all ACL tokens are there, and all that the key-value store has.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
import typing as t
import zlib

from ansible_collections.servicedns.consul.plugins.module_utils.consul import msgpack
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

#: What Consul puts into one, and reads again: https://pkg.go.dev/github.com/hashicorp/consul/snapshot
META, STATE, SUMS = "meta.json", "state.bin", "SHA256SUMS"
#: How much of the state is kept to find the datacenter in: the nodes come almost first.
HEAD = 4 * 1024**2
CHUNK = 1024**2
#: Marks a node, service or check in the state, structs.RegisterRequestType in Consul.
REGISTRATION = 0


class Snapshot(t.NamedTuple):
    """What a snapshot says of itself."""

    raft_index: int  # as C(consul snapshot inspect) shows it
    term: int
    datacenter: str  # of its nodes; empty where it has none


def inspected(path: str) -> Snapshot:
    """Look whether a file is a whole snapshot, as C(consul snapshot inspect) does, and read what it says of itself.

    :raises HostError: it is none, or is damaged
    """
    if not os.path.isfile(path):
        raise HostError(f"there is no file {path}")
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=t.cast(t.IO[bytes], stream), mode="r:") as archive:
            parts, sums = _read(archive)
            # The sum of gzip itself comes last.
            if stream.read().strip(b"\0"):
                raise ValueError("something follows its end")
        return _verified(parts, sums)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, tarfile.TarError) as error:
        raise HostError(f"{path} is no whole snapshot of Consul: {error}") from error


class _Part(t.NamedTuple):
    """A file of the archive."""

    sum: str
    size: int
    head: bytes


def _read(archive: tarfile.TarFile) -> tuple[dict[str, _Part], str]:
    """Read meta and state, and the sums that they are to have."""
    parts: dict[str, _Part] = {}
    for member in archive:
        content = archive.extractfile(member)
        if member.name not in (META, STATE, SUMS) or member.name in parts or content is None:
            raise ValueError(f"it has an unexpected {member.name!r}")
        digest, head = hashlib.sha256(), b""
        while True:
            chunk = content.read(CHUNK)
            if not chunk:
                break
            digest.update(chunk)
            head += chunk[: HEAD - len(head)]
        parts[member.name] = _Part(digest.hexdigest(), member.size, head)
    missing = [name for name in (META, STATE, SUMS) if name not in parts]
    if missing:
        raise ValueError(f"it has no {' and no '.join(missing)}")
    return parts, parts.pop(SUMS).head.decode()


def _verified(parts: t.Mapping[str, _Part], sums: str) -> Snapshot:
    """Compare the sums, and read the rest."""
    for name, part in parts.items():
        if f"{part.sum}  {name}" not in sums.splitlines():
            raise ValueError(f"the SHA-256 sum of {name} is not the one that {SUMS} has")
    meta = json.loads(parts[META].head)
    if meta["Size"] != parts[STATE].size or not parts[STATE].size:
        raise ValueError(f"{STATE} has {parts[STATE].size} bytes, and {META} says {meta['Size']}")
    return Snapshot(meta["Index"], meta["Term"], datacenter_of(parts[STATE].head))


def datacenter_of(state: bytes) -> str:
    """Find the datacenter whose nodes a state has, or the beginning of one; empty where it has none.

    It is a header, and then for each record a byte that says its kind, and the record.
    """
    unpacker = msgpack.Unpacker(state)
    try:
        unpacker.value()
        while True:
            kind, record = unpacker.take(1)[0], unpacker.value()
            # Nodes of a peer are of another datacenter.
            if kind == REGISTRATION and record.get(b"Datacenter") and not record.get(b"PeerName"):
                return str(record[b"Datacenter"].decode())
    except (ValueError, AttributeError, RecursionError):
        return ""


def refuse_stranger(snapshot: Snapshot, datacenter: str, origin: str) -> None:
    """Refuse to restore what is of another datacenter.

    :arg datacenter: that it is to be restored into
    :arg origin: the one that it is said to be of, C(none) where it has no nodes; the same when it is empty
    :raises HostError: it is of another
    """
    found = snapshot.datacenter or "none"
    if found != (origin or datacenter):
        raise HostError(
            f"the snapshot has the nodes of the datacenter {found}, and not of {origin or datacenter}; where that is meant, "
            f"O(from_datacenter) has to be {found}"
        )
