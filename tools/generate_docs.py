#!/usr/bin/env python3
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the README of each role, docs/variables.md, and the list of content in README.md, from what documents itself.

With --check nothing is written, and stale files are named and make it fail.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
NOTE = "<!-- Written by tools/generate_docs.py from meta/argument_specs.yml: change that file instead. -->"

#: Around what is written into README.md.
BEGIN = "<!-- Written by tools/generate_docs.py from the documentation of each: change that instead. -->"
END = "<!-- The end of what is written by tools/generate_docs.py. -->"
#: Kinds of plugins by their folder, in the order of the list, and how ansible-doc is asked for them.
PLUGINS = {
    "modules": ("Modules", "ansible-doc"),
    "filter": ("Filters", "ansible-doc -t filter"),
    "lookup": ("Lookup", "ansible-doc -t lookup"),
    "inventory": ("Inventory", "ansible-doc -t inventory"),
}

#: What a playbook of one's own has for each role. The playbook site.yml of the collection does all of this.
EXAMPLES = {
    "consul_agent": """\
- name: Build a role on the agent, as consul_server and consul_client do
  ansible.builtin.include_role:
    name: servicedns.consul.consul_agent
    tasks_from: configure # never configure.yml, which would skip the validation of arguments
  vars:
    consul_agent_server: false
""",
    "consul_server": """\
- name: Run a Consul server on each of three hosts
  hosts: consul_servers
  roles:
    - role: servicedns.consul.consul_server
      vars:
        consul_server_bootstrap_expect: 3
        consul_agent_network: 192.168.100.0/24
        consul_agent_retry_join: [192.168.100.4, 192.168.100.5, 192.168.100.6]
""",
    "consul_client": """\
- name: Run a Consul client
  hosts: consul_clients
  roles:
    - role: servicedns.consul.consul_client
      vars:
        consul_agent_network: 192.168.100.0/24
        consul_agent_retry_join: [192.168.100.4]
""",
    "consul_services": """\
- name: Register a service, which becomes flapp1.service.consul
  hosts: consul_clients
  roles:
    - role: servicedns.consul.consul_services
      vars:
        consul_services_definitions:
          - name: flapp1
            port: 5000
            tags: [flask-app]
""",
    "dnsmasq_forwarding": """\
- name: Resolve Consul's names on every host
  hosts: all
  roles:
    - role: servicedns.consul.dnsmasq_forwarding
""",
}

RESTART, RELOAD, NEXT_START, BY_KEY, NOTHING = "restart", "reload", "next start", "by key", "nothing"
#: What a change of a variable needs before the agent has it. A unit test lets the role say the same.
CHANGES = {
    "consul_agent_image": RESTART,
    "consul_agent_image_archive": NOTHING,
    "consul_agent_data_directory": RESTART,
    "consul_agent_log_max_size": RESTART,
    "consul_agent_log_max_file": RESTART,
    "consul_agent_memory": RESTART,
    "consul_agent_stop_timeout": RESTART,
    "consul_agent_server": RESTART,
    "consul_agent_bootstrap_expect": NEXT_START,
    "consul_agent_ui": RESTART,
    "consul_agent_snapshot_interval": NOTHING,
    "consul_agent_snapshot_count": NOTHING,
    "consul_agent_snapshot_directory": NOTHING,
    "consul_agent_datacenter": RESTART,
    "consul_agent_domain": RESTART,
    "consul_agent_alt_domain": RESTART,
    "consul_agent_node_name": RESTART,
    "consul_agent_network": RESTART,
    "consul_agent_address": RESTART,
    "consul_agent_client_address": RESTART,
    "consul_agent_retry_join": NEXT_START,
    "consul_agent_script_checks": RESTART,
    "consul_agent_dns_ttl": RELOAD,
    "consul_agent_dns_only_passing": RELOAD,
    "consul_agent_dns_at_address": RESTART,
    "consul_agent_recursors": RELOAD,
    "consul_agent_config": BY_KEY,
    "consul_agent_flags": RESTART,
    "consul_agent_even_number_of_servers": NOTHING,
    "consul_agent_client_batch": NOTHING,
    "consul_agent_remove_data": NOTHING,
    "consul_server_bootstrap_expect": NEXT_START,
    "consul_server_ui": RESTART,
    "consul_client_ui": RESTART,
}
WHAT_A_CHANGE_DOES = """\
A change reaches an agent that runs by a *restart*, which makes its container anew, by a *reload*, with which it reads its
configuration and goes on, or at its *next start*, whenever that is. An agent that refuses to reload has its former configuration
again, and the run fails. A server that started with `bootstrap_expect` 1 is restarted when more are expected.

Of Consul's keys, as far as `consul_agent_config` takes them, these are reloaded: {reloaded}. These are read at the start: {at_start}.
All others need a restart."""


def markdown(markup: str) -> str:
    """Text in Ansible's markup as Markdown."""
    text = re.sub(
        r"\bP\(([\w.]+)#role\)", lambda match: f"[{match[1]}](../{match[1].rpartition('.')[2]}/README.md)", markup
    )
    text = re.sub(r"\bL\(([^,]+),\s*([^)]+)\)", r"[\1](\2)", text)
    text = re.sub(r"\b[COVE]\(([^)]*)\)", r"`\1`", text)
    return text.replace("|", "\\|")


def paragraphs(description: str | list[str]) -> list[str]:
    """A description, which is one text or several."""
    return [markdown(text) for text in ([description] if isinstance(description, str) else description)]


def type_of(option: Mapping[str, Any]) -> str:
    """The type of an option, with what its elements or choices are."""
    kind: str = option.get("type", "str")
    if "elements" in option:
        kind += f" of {option['elements']}"
    if "choices" in option:
        kind += ": " + ", ".join(f"`{choice}`" for choice in option["choices"])
    return kind


def default_of(option: Mapping[str, Any]) -> str:
    """The default of an option, as one writes it in YAML."""
    if option.get("required"):
        return "**required**"
    value = option.get("default")
    text: str = value if isinstance(value, str) and value else json.dumps(value)
    return f"`{text}`".replace("|", "\\|")


def table(options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The variables of a role."""
    changes = " a change |" if CHANGES.keys() & options.keys() else ""
    yield f"| variable | type | default |{changes} meaning |"
    yield f"|---|---|---|{'---|' if changes else ''}---|"
    for name, option in options.items():
        meaning = " ".join(paragraphs(option["description"]))
        change = f" {CHANGES[name]} |" if changes else ""
        yield f"| `{name}` | {type_of(option)} | {default_of(option)} |{change} {meaning} |"


def what_a_change_does() -> str:
    """The classes of changes, and the keys of Consul's configuration that are in each."""
    sys.path.append(str(ROOT / ".collections"))
    from ansible_collections.servicedns.consul.plugins.module_utils.consul import change_class

    reloaded, at_start = (
        ", ".join(f"`{key}`" for key in sorted(keys)) for keys in (change_class.RELOADED, change_class.READ_AT_START)
    )
    text = WHAT_A_CHANGE_DOES.format(reloaded=reloaded, at_start=at_start)
    return "\n\n".join(textwrap.fill(part, 150, break_on_hyphens=False) for part in text.split("\n\n"))


def readme(role: str, points: Mapping[str, Mapping[str, Any]]) -> str:
    """The README of a role."""
    main = points["main"]
    parts = [NOTE, f"# servicedns.consul.{role}", f"{main['short_description']}.", *paragraphs(main["description"])]
    parts += ["## Variables", "\n".join(table(main["options"]))]
    if role == "consul_agent":
        parts += ["## What a change does", what_a_change_does()]
    others = {name: point for name, point in points.items() if name != "main"}
    if others:
        parts.append("## Other entry points")
        parts.append("Used with `tasks_from`; they take the same variables.")
        parts += [
            f"* `{name}`: {markdown(point['short_description'])}. {' '.join(paragraphs(point['description']))}"
            for name, point in others.items()
        ]
    parts += ["## Example", f"```yaml\n{EXAMPLES[role]}```"]
    return "\n\n".join(parts) + "\n"


def reference(specs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """The variables of all roles on one page."""
    parts = [
        NOTE.replace("meta/", "roles/*/meta/"),
        "# Variables",
        "Set them in the inventory, for all hosts, a group or one host. A misspelt name is refused.",
        "What `a change` needs before an agent has it: "
        "[What a change does](../consul_agent/README.md#what-a-change-does).",
    ]
    for role, points in specs.items():
        main = points["main"]
        parts += [f"## {role}", f"{main['short_description']}.", "\n".join(table(main["options"]))]
    return "\n\n".join(parts).replace("](../", "](../roles/") + "\n"


def purpose_of_playbook(playbook: Path) -> str:
    """The first sentence of the comment that a playbook begins with."""
    text = playbook.read_text(encoding="utf-8")
    comment = " ".join(re.findall(r"^# ?(.*)$", text[: text.index("\n\n")], re.MULTILINE))
    return re.split(r"\.(?:\s|$)", comment)[0]


def purpose_of_plugin(plugin: Path) -> str:
    """The short description of a plugin, which is read and not run."""
    for statement in ast.parse(plugin.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "DOCUMENTATION":
            documentation = yaml.safe_load(ast.literal_eval(statement.value))
            return markdown(documentation["short_description"])
    raise ValueError(f"{plugin} has no DOCUMENTATION")


def content(root: Path, specs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """All that the collection has, a line each."""
    playbooks = {f"`{path.stem}`": purpose_of_playbook(path) for path in sorted(root.glob("playbooks/*.yml"))}
    roles = {
        f"[`{role}`](roles/{role}/README.md)": markdown(points["main"]["short_description"])
        for role, points in specs.items()
    }
    lists = {"Playbooks (`ansible-playbook`)": playbooks, "Roles": roles}
    for folder, (title, command) in PLUGINS.items():
        lists[f"{title} (`{command}`)"] = {
            f"`{path.stem}`": purpose_of_plugin(path) for path in sorted(root.glob(f"plugins/{folder}/*.py"))
        }
    return "\n\n".join(
        "\n".join([f"### {title}", "", *(f"* {name}: {purpose}" for name, purpose in items.items())])
        for title, items in lists.items()
    )


def with_content(page: str, text: str) -> str:
    """A page with another text between the two marks."""
    before, begin, rest = page.partition(BEGIN)
    _former, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def files(root: Path = ROOT) -> dict[Path, str]:
    """What every generated file should hold."""
    specs = {
        file.parts[-3]: yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]
        for file in sorted(root.glob("roles/*/meta/argument_specs.yml"))
    }
    readmes = {root / "roles" / role / "README.md": readme(role, points) for role, points in specs.items()}
    page = root / "README.md"
    return {
        **readmes,
        root / "docs" / "variables.md": reference(specs),
        page: with_content(page.read_text(encoding="utf-8"), content(root, specs)),
    }


def main() -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file is stale")
    check = parser.parse_args().check
    stale = {
        path: text for path, text in files().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        print(f"{'stale' if check else 'wrote'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        print("Run python tools/generate_docs.py and commit what it writes.")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
