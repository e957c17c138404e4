"""AppArmor's profiles as apparmor_parser(8) reads them: what each lets a program do, whatever kernel this is."""

import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROFILES = Path(__file__).parents[2] / "packaging/apparmor"
FEATURES = "/etc/apparmor.d/abi/3.0"
"""What the rules are read for: the kernel that Debian 12 has, and later ones."""
LOADED = Path("/sys/kernel/security/apparmor/profiles")
_DENIAL = re.compile(r"^[ \t]*(?:audit )?deny (.*,)$", re.MULTILINE)
_ENTRY = re.compile(r"^Mode:\t([a-z]*):([a-z]*)\tName:\t\((.*)\)$", re.MULTILINE)


@dataclass(frozen=True)
class Profile:
    """What one program may do."""

    name: str
    allowed: list[tuple[str, re.Pattern[str]]]
    """Letters as in apparmor.d(5), and of which paths."""
    denied: list[tuple[str, re.Pattern[str]]]
    networks: set[str]
    """`inet stream` and the like."""
    capabilities: set[str]

    def permits(self, letters: str, path: str) -> bool:
        """Whether all of that is allowed; folders' paths end with a slash."""
        given = {letter for one, pattern in self.allowed if pattern.fullmatch(path) for letter in one}
        taken = {letter for one, pattern in self.denied if pattern.fullmatch(path) for letter in one}
        return set(letters) <= given - taken


@functools.cache
def profile(file: str) -> Profile:
    """One of packaging/apparmor."""
    text = (PROFILES / file).read_text()
    rules = _parsed(_DENIAL.sub("", text))
    # The parser does not tell what it denies from what it allows, so it reads them one after the other.
    denials = _parsed(
        "".join(
            (
                "abi <abi/3.0>,\ninclude <tunables/global>\nprofile denied {\n",
                *(f"{re.sub('x,$', 'ix,', one)}\n" for one in _DENIAL.findall(text)),
                "}\n",
            )
        )
    )
    named = re.search(r"^Name:\t+(\S+)$", rules, re.MULTILINE)
    networks = re.search(r"^Network: (.*)$", rules, re.MULTILINE)
    capabilities = re.search(r"^Capabilities: (.*)$", rules, re.MULTILINE)
    assert named
    return Profile(
        named[1],
        _entries(rules),
        _entries(denials),
        {
            f"{family} {kind}"
            for family, kinds in re.findall(r"(\w+) \{ ([\w ]*) \}", networks[1] if networks else "")
            for kind in kinds.split()
        },
        set(capabilities[1].split()) if capabilities else set(),
    )


def _parsed(text: str) -> str:
    command = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", f"--features-file={FEATURES}", "--debug"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=60).stdout


def _entries(output: str) -> list[tuple[str, re.Pattern[str]]]:
    """Both columns count: a rule for a file's owner is one for the program's own files, and those are its own."""
    return [(owner + other, pattern(path)) for owner, other, path in _ENTRY.findall(output)]


def pattern(glob: str) -> "re.Pattern[str]":
    """Its globs (apparmor.d(5)) as a regular expression. At the end of a path a star after a slash is at least one
    character, so that `/etc/*` is not `/etc/` itself."""
    found, at, depth = "", 0, 0
    while at < len(glob):
        one = glob[at]
        if one == "*":
            double = glob.startswith("**", at)
            kind = "." if double else "[^/]"
            at += double
            found += f"{kind}+" if glob[:at].rstrip("*").endswith("/") and at + 1 == len(glob) else f"{kind}*"
        elif one == "?":
            found += "[^/]"
        elif one == "{":
            found, depth = f"{found}(?:", depth + 1
        elif one == "}":
            found, depth = f"{found})", depth - 1
        elif one == "," and depth:
            found += "|"
        elif one == "[":
            end = glob.index("]", at)
            found, at = found + glob[at : end + 1], end
        elif one == "\\":
            at += 1
            found += re.escape(glob[at])
        else:
            found += re.escape(one)
        at += 1
    # Two slashes of which one came from a variable's end are one.
    return re.compile(found.replace("//", "/"))
