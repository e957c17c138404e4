"""What the end-to-end tests stand on: machines in folders, the tests' own servers, and fixtures of both."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "servers"), str(Path(__file__).parents[1] / "machines")]

from counts import pytest_terminal_summary
from fixtures import *
