"""Lets the tests of every scenario import molecule/shared/lab.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "shared"))
