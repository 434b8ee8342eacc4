# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages name is there: files, what is in them, headings, targets of make, and content of the collection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from plays import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
#: What a run makes (the lab's files, the virtual environment, the captures of a trace, snapshots), an image, and groups of modules.
NOT_OURS = (".lab/", ".venv/", "dns_trace/", "consul-snapshots/", "hashicorp/", "group/")


def slugs(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    """Links to files and headings that are not there."""
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"https?://", link):
            continue
        name, _sharp, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists():
            yield f"{link}: there is no such file"
        elif anchor and anchor not in slugs(target):
            yield f"{link}: there is no such heading"


def words(page: Path) -> list[str]:
    """What is written as code, word by word."""
    text = page.read_text(encoding="utf-8")
    code = [*FENCE.findall(text), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]
    return [word.rstrip(",;.)").lstrip("(") for part in code for word in part.split()]


def broken_paths(page: Path, root: Path) -> Iterator[str]:
    """Paths, from the root or from plugins/, that lead to nothing; C(file.py:name) also needs the name in the file.

    C(NAME), C(ROLE), C(VERSION) and C(*) stand for any name. A path of a host begins with a slash.
    """
    for word in words(page):
        path, _colon, name = word.partition(":")
        if not re.fullmatch(r"\.?[A-Za-z_*][\w.*-]*/[\w.*/-]*", path) or path.startswith(NOT_OURS):
            continue
        pattern = re.sub("NAME|ROLE|VERSION", "*", path).rstrip("/")
        found = [file for folder in (root, root / "plugins") for file in folder.glob(pattern)]
        if not found:
            yield f"{word}: there is no such file"
        elif name and not any(
            re.search(rf"^ *(class |def )?{name}\b", file.read_text(), re.MULTILINE) for file in found
        ):
            yield f"{word}: the file has no such name"


def broken_names(page: Path, root: Path) -> Iterator[str]:
    """Targets of make, and content of the collection, that are not there."""
    text = page.read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`|&& )make ([a-z-]+)", text, re.MULTILINE):
        if not re.search(rf"^{target}:", makefile, re.MULTILINE):
            yield f"make {target}: there is no such target"
    groups = yaml.safe_load((root / "meta" / "runtime.yml").read_text(encoding="utf-8")).get("action_groups", {})
    for name in re.findall(r"\bservicedns\.consul\.([a-z]\w*)", text):
        if name in groups:
            continue
        places = (f"playbooks/{name}.yml", f"roles/{name}", f"plugins/*/{name}.py")
        if not any(found for place in places for found in root.glob(place)):
            yield f"servicedns.consul.{name}: the collection has nothing of this name"


def faults(page: Path, root: Path = ROOT) -> list[str]:
    """All that a page names and that is not there."""
    return [*broken_links(page), *broken_paths(page, root), *broken_names(page, root)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert faults(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_are_short(page: Path) -> None:
    """Rows of a table, and what is generated from one line, are as long as they are."""
    long = [line for line in page.read_text(encoding="utf-8").splitlines() if len(line) > 160 and line[0] != "|"]
    assert long == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small collection."""
    for name, text in {
        "meta/runtime.yml": "action_groups: {consul: [agent_services]}\n",
        "Makefile": "lab: venv\n\ttrue\n",
        "docs/other.md": "# Other\n\n## What's `here`, then?\n\n```sh\n# no heading\n```\n",
        "playbooks/site.yml": "",
        "plugins/modules/doctor.py": "PATIENCE = 8\n\n\nclass Agent:\n    def get(self): ...\n\n\ndef main(): ...\n",
        "plugins/module_utils/dns/message.py": "",
        "roles/web/tasks/main.yml": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "[there](other.md), [heading](other.md#whats-here-then), [own](#page), [web](https://example.com/x.md)",
        "[up](../Makefile) and ![picture](../playbooks/site.yml)",
        "`playbooks/site.yml`, `module_utils/dns/message.py` and `module_utils/dns/`",
        "`plugins/modules/doctor.py:main`, `modules/doctor.py:PATIENCE`, `modules/doctor.py:Agent`, `modules/doctor.py:get`",
        "`roles/*/tasks/main.yml`, `roles/ROLE/tasks/main.yml`, `modules/doNAME.py`",
        "`/etc/no/such/file`, `~/.ansible/x`, `192.0.2.0/24` and `hashicorp/consul:1.22.7`",
        "```sh\nansible-playbook playbooks/site.yml -i .lab/lab/connection.yml\nmake lab\n```",
        "`make lab`, and to make sense of it; `servicedns.consul.site`, `servicedns.consul.web`, `servicedns.consul.doctor`, `group/servicedns.consul.consul`",
        "either/or in prose, which is no code",
    ],
)
def test_what_is_there_is_no_fault(tree: Path, text: str) -> None:
    page = tree / "docs" / "page.md"
    page.write_text(f"# Page\n\n{text}\n")
    assert faults(page, tree) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[gone](gone.md)", "gone.md: there is no such file"),
        ("![gone](gone.png)", "gone.png: there is no such file"),
        ("[from the root](docs/other.md)", "docs/other.md: there is no such file"),
        ("[no heading](other.md#no-heading)", "other.md#no-heading: there is no such heading"),
        ("[own](#there)", "#there: there is no such heading"),
        ("[code](other.md#here)", "other.md#here: there is no such heading"),
        ("`playbooks/gone.yml`", "playbooks/gone.yml: there is no such file"),
        ("`gone/site.yml`", "gone/site.yml: there is no such file"),
        ("`module_utils/dns_query.py`, which was moved", "module_utils/dns_query.py: there is no such file"),
        ("(`playbooks/gone/`)", "playbooks/gone/: there is no such file"),
        ("`roles/*/vars/main.yml`", "roles/*/vars/main.yml: there is no such file"),
        ("`modules/doctor.py:judge`", "modules/doctor.py:judge: the file has no such name"),
        ("`modules/doctor.py:mai`", "modules/doctor.py:mai: the file has no such name"),
        ("`modules/gone.py:main`", "modules/gone.py:main: there is no such file"),
        ("```sh\nansible-playbook playbooks/gone.yml\n```", "playbooks/gone.yml: there is no such file"),
        ("```\n modules/gone.py ── host\n```", "modules/gone.py: there is no such file"),
        ("run `make lap`", "make lap: there is no such target"),
        ("```sh\nmake lab && make gone\n```", "make gone: there is no such target"),
        (
            "`ansible-playbook servicedns.consul.gone`",
            "servicedns.consul.gone: the collection has nothing of this name",
        ),
    ],
)
def test_what_is_not_there_is_said(tree: Path, text: str, expected: str) -> None:
    page = tree / "docs" / "page.md"
    page.write_text(f"# Page\n\n{text}\n")
    assert faults(page, tree) == [expected]
