"""Measures the collection on hosts of its own, and writes docs/benchmarks.md: python -m bench [SECTION...]

Without sections all are measured; those that are not measured keep their last figures.
"""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys

from bench import dns, services, whole_site
from bench.hosts import IMAGE, ROOT, remove_hosts

SECTIONS = {"whole_site": whole_site, "services": services, "dns": dns}
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Written by `make bench`. Three lab hosts (Debian 12) share the machine's cores with the control node, so the ratios say more
than the seconds.
"""


def measured() -> dict[str, str]:
    """The sections that the page has."""
    parts = re.split(r"<!-- (\w+) -->\n", PAGE.read_text() if PAGE.exists() else "")
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def main() -> None:
    wanted = sys.argv[1:] or list(SECTIONS)
    if unknown := [name for name in wanted if name not in SECTIONS]:
        sys.exit(f"no such section: {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    version = subprocess.run(["ansible", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[
        0
    ]
    when = f"Measured on {datetime.date.today().isoformat()}: {os.cpu_count()} cores, {version}, {IMAGE}.\n"
    page = measured()
    for name in wanted:
        page[name] = f"\n{SECTIONS[name].report()}\n{when}\n"
        print(page[name], flush=True)
        parts = [f"<!-- {section} -->\n{page[section]}" for section in SECTIONS if section in page]
        PAGE.write_text("\n".join([HEAD, *parts]).rstrip() + "\n")
    remove_hosts()


if __name__ == "__main__":
    main()
