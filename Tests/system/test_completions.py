"""What the shells complete once the package is installed: its commands, and each command's options."""

import re

import pytest

from device import Device

# Where each shell of Debian looks for a package's completions, by the command's name.
BASH = "/usr/share/bash-completion/completions/signetctl"
ZSH = "/usr/share/zsh/vendor-completions/_signetctl"
FISH = "/usr/share/fish/vendor_completions.d/signetctl.fish"
COMMANDS = {"status", "renew", "enroll", "tag", "report", "probe", "config"}

# As bash does it for a TAB: the function that the file has registered for the command finds the words, and gets the
# command, the word that is begun, and the one before.
COMPLETE = r"""
source "$1" && shift
read -r -a registered < <(complete -p signetctl)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
for index in "${!registered[@]}"; do
    if [[ ${registered[index]} == -F ]]; then
        "${registered[index + 1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    fi
done
printf '%s\n' "${COMPREPLY[@]}"
"""


def completed(container: Device, *words: str) -> set[str]:
    """What bash offers for the last of the words."""
    command = ("bash", "--norc", "-c", COMPLETE, "bash", BASH, "signetctl", *words)
    return set(container.run(*command).stdout.split())


def test_bash_completes(container: Device) -> None:
    container.boot()
    container.run("bash", "-n", BASH)
    assert completed(container, "st") == {"status"}
    assert completed(container, "") - {"help", "-h", "--help"} == COMMANDS
    assert completed(container, "config", "c") == {"check"}
    assert completed(container, "renew", "access", "--w") == {"--wait"}
    assert completed(container, "nothing-begins-so") == set()


@pytest.mark.parametrize(("path", "first"), [(ZSH, "#compdef signetctl"), (FISH, "function __signetctl_")])
def test_zsh_and_fish_find_theirs(container: Device, path: str, first: str) -> None:
    """Neither shell is on that machine: its file is where it looks, is for it, and names every command and option."""
    container.boot()
    # As anybody, not only root.
    text = container.run("cat", path, user="bob").stdout
    assert text.startswith(first)
    assert {command for command in COMMANDS if not re.search(rf"\b{command}\b", text)} == set()
    help = "".join(container.signetctl(command, "--help").stdout for command in sorted(COMMANDS))
    options = set(re.findall(r"--([a-z-]+)", help))
    assert options >= {"json", "watch", "wait", "timeout", "ca-identifier", "tls-ca"}
    assert {option for option in options if not re.search(rf"\b{option}\b", text)} == set()
