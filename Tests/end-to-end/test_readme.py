"""What the README shows is true."""

import re
from pathlib import Path

from machine import Machine

README = Path(__file__).parents[2] / "README.md"


def test_the_files_are_right(machine: Machine) -> None:
    shown = re.findall(r"```toml\n# /etc/signet/(\S+)\n(.*?)```", README.read_text(), re.DOTALL)
    assert [name for name, _ in shown] == ["profiles.d/conditional-access.toml", "signet.toml"]
    for name, text in shown:
        file = machine.write(f"shown/{Path(name).name}", text)
        checked = machine.ctl("config", "check", str(file))
        assert checked.returncode == 0, checked.stdout


def test_the_commands_are_those_of_signetctl(machine: Machine) -> None:
    shown = re.findall(r"^signetctl (config check|\w+)", README.read_text(), re.MULTILINE)
    assert shown == ["status", "renew", "enroll", "tag", "config check", "report"]
    for command in shown:
        asked = machine.ctl(*command.split(), "--help")
        assert asked.returncode == 0, asked.stderr
