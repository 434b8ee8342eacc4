# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that a host depends on. Those that it resolves before a change must resolve after it."""

from __future__ import annotations

import glob
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.servicedns.consul.plugins.module_utils.system import files

#: Where an image comes from that names no registry.
DOCKER_HUB = "registry-1.docker.io"


def own(hostname: str, search: t.Sequence[str]) -> list[str]:
    """Make the host's own name, fully qualified, as each of its search domains may know it."""
    return [hostname] if "." in hostname else [f"{hostname}.{domain}" for domain in search]


def registry(image: str) -> str:
    """Find the host from which an image is pulled; nothing for no image.

    The first part of a reference is a host if it has a dot or a port, see github.com/distribution/reference.
    """
    if not image:
        return ""
    first, slash, _rest = image.partition("/")
    return first.partition(":")[0] if slash and re.search(r"[.:]", first) else DOCKER_HUB


def apt_uris(folder: str = "/etc/apt") -> list[str]:
    """Find the package sources that are asked over the network, as sources.list(5) writes them, in either format."""
    paths = [f"{folder}/sources.list", *(f"{folder}/sources.list.d/*.{suffix}" for suffix in ("list", "sources"))]
    lines = [
        line.partition("#")[0]
        for path in paths
        for file in sorted(glob.glob(path))
        for line in files.read(file).splitlines()
    ]
    return re.findall(r"\b(?:https?|ftp)://\S+", "\n".join(lines))


def candidates(hostname: str, search: t.Sequence[str], image: str, named: t.Sequence[str]) -> list[str]:
    """Collect all of them, each once: those that the operator named, then those that the host itself tells of."""
    mirrors = [urlsplit(uri).hostname or "" for uri in apt_uris()]
    names = [*named, *own(hostname, search), *search, registry(image), *mirrors]
    return [name for name in dict.fromkeys(name.rstrip(".") for name in names) if is_name(name)]


def is_name(name: str) -> bool:
    """Whether DNS can be asked for it: an address is no name."""
    return bool(re.search(r"[A-Za-z]", name)) and all(
        re.fullmatch(r"[A-Za-z0-9_-]{1,63}", label) for label in name.split(".")
    )
