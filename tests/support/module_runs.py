# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real main function of a module, in this process, with what it gives to Ansible."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from io import StringIO
from typing import Any
from unittest.mock import patch

from ansible.module_utils import basic
from ansible.module_utils.common import warnings

try:
    # ansible-core has it since 2.19.
    from ansible.module_utils import _internal
except ImportError:
    _internal = None


def run_main(main: Callable[[], None], check: bool = False, **arguments: Any) -> dict[str, Any]:
    """The result of a module.

    :raises Exception: what the module does not catch, which Ansible shows as a traceback
    """
    given = {**arguments, "_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp", "_ansible_diff": True}
    output = StringIO()
    with (
        patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()),
        # ansible-core has it since 2.19.
        patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
        # A host's Python has nothing of the control node and no module before this one; that of the tests may have both.
        patch.object(_internal, "is_controller", False) if _internal else nullcontext(),
        patch.object(warnings, "_global_warnings", type(warnings._global_warnings)()),
        redirect_stdout(output),
    ):
        try:
            main()
        except SystemExit:
            result: dict[str, Any] = json.loads(output.getvalue())
            return result
    raise AssertionError(f"the module ended without a result: {output.getvalue()}")
