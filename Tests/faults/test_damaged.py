"""Damaged state: every file that signetd keeps or publishes, damaged in every way.

The agent starts, says what is lost, and goes on with what is whole."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counts import count
from damage import DAMAGES, Kept, newer
from fixtures import MakeServer
from machine import PATIENCE, Machine, Status
from realservers import Nginx
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer

_CONTENT = ("half", "empty", "zeros", "garbage")
_NO_FILE = ("folder", "link", "dangling link")
_HARMLESS: set[str] = set()
CHALLENGE = "a challenge that nobody guesses"

Expectation = tuple[str, tuple[str, ...], set[str]]
"""Paths, damages, and the codes of the problems that they lead to; the first that fits counts."""

_ANY = (*DAMAGES, "newer")
_PROFILE = r"var/lib/signet/profiles/access/"
_EXPECTED: list[Expectation] = [
    (r".*", ("mode 0666",), _HARMLESS),
    # Its identity and its request lie beside it.
    (_PROFILE + r"state\.json", (*_CONTENT, "gone"), {"state-rebuilt"}),
    (_PROFILE + r"state\.json", _ANY, {"state-unreadable"}),
    # Which device it was, nobody else knows. Once it is gone the device is a new one.
    (r"var/lib/signet/device\.json", ("gone",), _HARMLESS),
    (r"var/lib/signet/device\.json", _ANY, {"state-unreadable"}),
    (r"var/lib/signet/reports\.json", ("gone",), _HARMLESS),
    (r"var/lib/signet/reports\.json", _ANY, {"reports-not-kept"}),
    # A report that is no more counts as dropped.
    (r"var/lib/signet/outbox/.*", (*_CONTENT, "gone"), _HARMLESS),
    (r"var/lib/signet/outbox/.*", _ANY, {"reports-not-kept"}),
    (_PROFILE + r"profile\.toml", (*_CONTENT, "gone"), _HARMLESS),
    (_PROFILE + r"profile\.toml", _ANY, {"storage"}),
    # Certificate and chain are there twice; a key is not. The generation before stands in for one without.
    (_PROFILE + r"generations/0002/key\.pem", (*_CONTENT, "gone"), {"key-lost"}),
    (_PROFILE + r"generations/0002/(certificate\.der|meta\.json|chain\.pem)", (*_CONTENT, "gone"), _HARMLESS),
    (_PROFILE + r"generations/0002/chain\.pem", _ANY, _HARMLESS),
    (_PROFILE + r"generations/0002/.*", _ANY, {"state-unreadable"}),
    (_PROFILE + r"generations/0001/.*", _ANY, _HARMLESS),
    # Without its key, or what it was, nobody can understand the reply to a request: another one follows.
    (_PROFILE + r"pending/signer\.der", _ANY, _HARMLESS),
    (_PROFILE + r"pending/request\.der", _CONTENT, _HARMLESS),
    # One word is as good as another, until a reply does not open with it.
    (_PROFILE + r"pending/challenge", ("half", "zeros", "garbage"), _HARMLESS),
    (_PROFILE + r"pending/.*", (*_CONTENT, "gone"), {"key-lost"}),
    (_PROFILE + r"pending/.*", _ANY, {"state-unreadable"}),
    (_PROFILE + r"revocation/.*\.crl", _ANY, _HARMLESS),
    (r"run/signet/public/.*", _ANY, _HARMLESS),
    # Put right by signet-installd, which removes nothing that is no file; without its certificate, in a new folder.
    (r"etc/ssl/signet/access/gen-0002/cert\.pem", _NO_FILE, _HARMLESS),
    (r"etc/ssl/signet/access/gen-0002/.*", _NO_FILE, {"publication-altered", "install-refused"}),
    (r"etc/ssl/signet/access/gen-0002/.*", _ANY, _HARMLESS),
    (r"etc/ssl/signet/access/gen-0001/.*", _ANY, _HARMLESS),
]
_UNNOTICED = re.compile(r"etc/ssl/signet/access/gen-0002/(key|combined)\.pem")
"""signetd may not read them: bytes of the same number are seen by the next publication."""


class Scene:
    """A machine with every kind of file: its second identity, a renewal and reports that wait, a revocation list."""

    def __init__(self, machine: Machine, server: SCEPServer, **profile: Any) -> None:
        self.machine = machine
        machine.unprivileged()
        machine.profile(server, **profile)
        machine.reports_to("https://127.0.0.1:1/")
        machine.start()
        machine.wait_enrolled()
        with machine.admin() as admin:
            assert admin.renew()[-1]["generation"] == 2
        machine.wait_enrolled(generation=2)
        server.behaviour.pending = 1000
        with machine.admin() as admin:
            admin.renew()
        machine.wait_for(lambda one: one["state"] == "pending")
        machine.stop()
        self._kept = Kept(
            machine.root, ["var/lib/signet", "etc/ssl/signet", "run/signet/public"], machine.folder / "kept"
        )
        self.outside = machine.folder / "outside"
        self.outside.write_text("root:x:0:0:root:/root:/bin/sh\n")
        self.published = machine.belongings()

    @property
    def files(self) -> list[Path]:
        """Every file, below the root."""
        root = self.machine.root
        folders = ("var/lib/signet", "etc/ssl/signet", "run/signet/public")
        found = [one for folder in folders for one in (root / folder).rglob("*")]
        return sorted(one.relative_to(root) for one in found if one.is_file() and not one.is_symlink())

    def restore(self) -> None:
        """Puts back what was damaged, and what came of it."""
        self._kept.restore()

    def settle(self, damage: str, is_settled: Callable[[Status], bool]) -> Status:
        """Starts the agent, waits for a status, and ends it: it ran once, and did not fail."""
        machine = self.machine
        running = machine.start()
        last: Status = {}
        try:
            with machine.control() as client:
                for last in client.changes(PATIENCE):
                    if is_settled(last):
                        break
        except TimeoutError as error:
            raise AssertionError(f"{damage}: still {last}\n{machine.logs()}") from error
        finally:
            machine.stop()
        assert running.starts["signetd"] == 1, damage
        assert set(running.exits["signetd"]) | set(running.exits["signet-installd"]) == {0}
        return last


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """One scene for all tests of a process; each puts back what it damaged."""
    machine = Machine()
    lists = machine.folder / "crls"
    lists.mkdir()
    try:
        with Nginx(lists) as nginx:
            with SCEPServer(Hierarchy(crl_url=nginx.url), Behaviour(), crl_folder=nginx.root) as server:
                yield Scene(machine, server, device_tag_require_revocation_check=True)
            assert server.journal.violations == []
    finally:
        machine.close()


def codes(status: Status) -> set[str]:
    """The codes of all problems, but for those with the endpoint, which is not there."""
    problems = status["problems"] + [problem for profile in status["profiles"] for problem in profile["problems"]]
    assert all(problem["remedy"] for problem in problems)
    return {problem["code"] for problem in problems if not problem["code"].startswith("endpoint-")}


def expected(file: Path, damage: str) -> set[str]:
    """What has to be said; a kind of file that nobody thought of is an error."""
    return next(codes for path, damages, codes in _EXPECTED if re.fullmatch(path, str(file)) and damage in damages)


def is_whole(status: Status, file: Path, damage: str) -> bool:
    """Whether the profile stands where it stood, as far as this damage lets it."""
    if not status["profiles"]:
        return file.name == "state.json"
    (profile,) = status["profiles"]
    if file.match("generations/0002/key.pem") and damage in (*_CONTENT, "gone"):
        return bool(profile["identity"]["generation"] == 1 and profile["published"] == 2)
    if "state-unreadable" in codes(status) and "access" in str(file):
        return bool(profile["published"] == 2)
    if "install-refused" in codes(status):
        return True
    return bool(
        profile["identity"]["generation"] == profile.get("published") == 2
        and profile["tag"]["value"] == "valid-client-certificate"
    )


@pytest.mark.parametrize("damage", _ANY)
def test_every_file_damaged(scene: Scene, damage: str, record_property: Callable[[str, object], None]) -> None:
    machine = scene.machine
    damaged = 0
    scene.restore()
    for file in scene.files:
        scene.restore()
        path = machine.root / file
        if damage == "newer" and (path.suffix != ".json" or '"version" : 1' not in path.read_text()):
            continue
        damaged += 1
        if damage == "newer":
            newer(path)
        else:
            DAMAGES[damage](path, scene.outside)
        wrong = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        codes_expected = expected(file, damage)

        def is_settled(status: Status, file: Path = file, codes_expected: set[str] = codes_expected) -> bool:
            return codes(status) == codes_expected and is_whole(status, file, damage)

        scene.settle(f"{damage}: {file}", is_settled)
        assert scene.outside.read_text() == "root:x:0:0:root:/root:/bin/sh\n"
        if codes_expected & {"state-unreadable", "reports-not-kept"} and wrong is not None:
            assert path.read_bytes() == wrong, f"{file} was written over"
        if str(file).startswith("etc/ssl") and not codes_expected and "gen-0002" in str(file):
            is_seen = damage not in ("zeros", "garbage") or not _UNNOTICED.fullmatch(str(file))
            # Where the certificate itself is another, readers are switched to a folder of its own.
            current = machine.published() / file.name
            assert (current.read_bytes() == scene.published[str(file)]) == is_seen, f"{damage}: {file}"
            found = current.stat()
            assert (found.st_mode & 0o777, found.st_uid) in {(0o644, 0), (0o640, 0)}, f"{damage}: {file}"
    assert damaged >= (5 if damage == "newer" else 30)
    record_property(count("damaged files"), damaged)


@pytest.mark.parametrize(("name", "elliptic"), [("transport.pem", False), ("challenge", True)])
def test_what_opens_the_reply_to_an_ec_key(
    machine: Machine, make_server: MakeServer, name: str, elliptic: bool, record_property: Callable[[str, object], None]
) -> None:
    """The key that it is encrypted to, or the challenge where the CA has no RSA key either."""
    server = make_server(Behaviour(challenges=Challenges(static=CHALLENGE)), Hierarchy(elliptic=elliptic))
    machine.challenge(CHALLENGE)
    scene = Scene(machine, server, key_type="ec")
    file = Path("var/lib/signet/profiles/access/pending") / name
    for damage, do in DAMAGES.items():
        scene.restore()
        do(machine.root / file, scene.outside)
        codes_expected = expected(file, damage)

        def is_settled(status: Status, damage: str = damage, codes_expected: set[str] = codes_expected) -> bool:
            return codes(status) == codes_expected and is_whole(status, file, damage)

        scene.settle(f"{damage}: {file}", is_settled)
        assert machine.belongings() == scene.published, damage
        assert scene.outside.read_text() == "root:x:0:0:root:/root:/bin/sh\n"
    record_property(count("damaged files"), len(DAMAGES))


@pytest.mark.parametrize("damage", ["folder", "link", "dangling link", "gone"])
def test_the_link_that_readers_go_through(scene: Scene, damage: str) -> None:
    """A link elsewhere is pointed back; what is no link is not removed."""
    scene.restore()
    link = scene.machine.root / "etc/ssl/signet/access/current"
    DAMAGES[damage](link, scene.outside)
    wanted = {"publication-altered", "install-refused"} if damage == "folder" else set()

    def is_settled(status: Status) -> bool:
        return codes(status) == wanted and (damage == "folder" or status["profiles"][0].get("published") == 2)

    scene.settle(f"{damage}: current", is_settled)
    if damage != "folder":
        assert str(link.readlink()).startswith("gen-0002")
        assert (link / "cert.pem").read_bytes() == scene.published["etc/ssl/signet/access/gen-0002/cert.pem"]
    assert scene.outside.read_text() == "root:x:0:0:root:/root:/bin/sh\n"
