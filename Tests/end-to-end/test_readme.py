"""What the README shows is true."""

import re
from pathlib import Path

from machine import Machine

README = Path(__file__).parents[2] / "README.md"


def test_the_profile_is_right(machine: Machine) -> None:
    (profile,) = re.findall(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    file = machine.write("conditional-access.toml", profile)
    checked = machine.ctl("config", "check", str(file))
    assert checked.returncode == 0, checked.stderr


def test_the_commands_are_those_of_signetctl(machine: Machine) -> None:
    shown = re.findall(r"^signetctl (config check|\w+)", README.read_text(), re.MULTILINE)
    assert shown == ["status", "renew", "enroll", "tag", "config check"]
    for command in shown:
        asked = machine.ctl(*command.split(), "--help")
        assert asked.returncode == 0, asked.stderr
