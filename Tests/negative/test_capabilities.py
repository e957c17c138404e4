"""GetCACaps, which nobody signs: whatever it says, requests fall no lower than root lets them.

With `legacy-request` each keyword shows in what is sent: AES or 3DES, SHA-256 or SHA-1, POST or GET.
"""

from collections.abc import Callable
from typing import Any

import pytest

from fixtures import MakeServer
from interference import Interference, Misdeed, misdeeds
from machine import PATIENCE, Machine, problem_codes
from scepd import Behaviour, Exchange, Forgery, SCEPServer, Trouble, names
from scepd.lies import answers
from victim import MakeVictim

STRONG, WEAK = ("POST", "aes128-cbc", "sha256"), ("GET", "3des-cbc", "sha1")
LOST = "capabilities-lost"
PAGE = b"<!DOCTYPE html>\n<html>\nAES\n<p>SHA-256</p>\nSCEPStandard</html>"


def says(text: str | bytes) -> Forgery:
    """GetCACaps is answered with that."""
    return answers("GetCACaps", text if isinstance(text, bytes) else text.encode())


def used(exchange: Exchange) -> tuple[str, str | None, str | None]:
    """What a request was sent with."""
    return exchange.method, exchange.cipher, exchange.digest


class Strangers:
    """A machine with a profile for each lie: what one was told, none of the others remembers."""

    def __init__(self, machine: Machine, server: SCEPServer, **changes: Any) -> None:
        self.machine = machine
        self.server = server
        self.changes = changes
        self.count = 0
        machine.write("etc/signet/signet.toml", '[agent]\nidle-exit = "1m"\n')
        machine.start()

    def sends(self, what: str, forgery: Forgery | None) -> tuple[str, str | None, str | None]:
        """What the next profile's request uses, which is granted."""
        self.server.behaviour.forgery = forgery
        self.count += 1
        name = f"p{self.count}"
        self.machine.profile(self.server, name, subject_name=f"CN={name}", **self.changes)
        profile = self.machine.wait_enrolled(name)
        assert profile["problems"] == [], f"{what}: {profile}"
        last = self.server.journal.operations[-1]
        assert last.csr_subject == f"CN={name}", what
        return used(last)


MakeStrangers = Callable[..., Strangers]


@pytest.fixture
def make_strangers(machine: Machine, make_server: MakeServer) -> MakeStrangers:
    """Makes profiles with those settings strangers to a server."""
    return lambda **changes: Strangers(machine, make_server(), **changes)


@pytest.fixture
def lenient(machine: Machine, make_server: MakeServer) -> Strangers:
    """Profiles whose requests fall as low as a server's words can bring them."""
    return Strangers(machine, make_server(Behaviour(legacy_requests=True)), scep_legacy_request=True)


def test_n01_no_capabilities_at_all(make_strangers: MakeStrangers) -> None:
    """RFC 8894 §3.5.2: as if it had none. The floor stays where it is, AES-128 and SHA-256."""
    strangers = make_strangers()
    for what, trouble in {
        "404": Trouble("status", "GetCACaps", status=404),
        "500": Trouble("status", "GetCACaps", status=500),
        "closed": Trouble("refuse", "GetCACaps"),
    }.items():
        strangers.server.behaviour.troubles = [trouble]
        assert strangers.sends(what, None)[1:] == STRONG[1:], what
    strangers.server.behaviour.troubles = []
    assert strangers.sends("nothing", says(""))[1:] == STRONG[1:]


@pytest.mark.parametrize("security", ["compatible", "rfc8894"])
def test_n02_capabilities_that_somebody_took_away(make_strangers: MakeStrangers, security: str) -> None:
    strangers = make_strangers(scep_security=security)
    for offered in ("DES3\nSHA-1", "DES3\nSHA-1\nPOSTPKIOperation", "DES\nMD5"):
        assert strangers.sends(offered, says(offered))[1:] == STRONG[1:], offered


def test_n03_words_that_only_look_like_a_capability(lenient: Strangers) -> None:
    for offered in (
        "NoAES\nXPOSTPKIOperation\nSHA-2567",
        "AESGCM\nPOSTPKIOperationX\nSHA-256/SHA-1",
        # As long as words that count.
        "Renewed\nXYZ\nSHA-999\nPOSTPKIoperatiom\nSCEPstandarD2",
        "\n\n\r\n\r\r\n",
        "AES SHA-256 POSTPKIOperation",
    ):
        assert lenient.sends(repr(offered), says(offered)) == WEAK, offered


def test_n04_capabilities_however_they_are_written(lenient: Strangers) -> None:
    for offered in (
        "aes\nsha-256\npostpkioperation\n",
        "AES\r\nSHA-256\r\nPOSTPKIOperation",
        "AES\rSHA-256\rPOSTPKIOperation\r",
        "AES  \nSHA-256\t\n  POSTPKIOperation \n",
        "\ufeffAES\nSHA-256\nPOSTPKIOperation",
        "AES\nAES\nSHA-256\nSHA-256\nPOSTPKIOperation\nPOSTPKIOperation",
        "Example.com-Foo\nUpdate\nSHA-224\nAES\nSHA-256\nPOSTPKIOperation\nRenewal",
        "scepSTANDARD\nUpdate\nRENEWAL",
    ):
        assert lenient.sends(repr(offered), says(offered)) == STRONG, offered
    # Whoever offers Update is sent none, on renewal neither.
    with lenient.machine.admin() as admin:
        assert admin.renew(f"p{lenient.count}")[-1]["generation"] == 2
    kinds = {one.message_type for one in lenient.server.journal.operations}
    assert kinds == {names.PKCS_REQ, names.RENEWAL_REQ}


def test_n05_capabilities_without_end(machine: Machine, server: SCEPServer, between: Interference) -> None:
    lies: dict[str, tuple[Misdeed, str]] = {
        "ten-megabytes": (misdeeds.answer(200, b"AES\n" * 2_500_000), "too-large"),
        "chunks": (misdeeds.endless_chunks, "too-large"),
        "body": (misdeeds.endless_body, "too-large"),
        "trickle": (misdeeds.byte_a_second, "timed-out"),
    }
    routes = {name: between.route(lie, "GetCACaps") for name, (lie, _) in lies.items()}
    for name, route in routes.items():
        machine.profile(server, name, scep_url=route.url, subject_name=f"CN={name}")
    machine.start()
    found = machine.wait_for_all(routes, lambda one: bool(one["problems"]) and "next" in one, 2 * PATIENCE)
    for name, (_, fault) in lies.items():
        assert problem_codes(found[name]) == {"server-unreachable"}, found[name]
        assert fault in found[name]["problems"][0]["text"]
        assert routes[name].sent < 20_000_000
    assert machine.memory() < 64 * 1024
    assert machine.belongings() == {}


def test_n06_a_page_in_place_of_capabilities(lenient: Strangers) -> None:
    assert lenient.sends("a page", answers("GetCACaps", PAGE, "text/html")) == WEAK
    assert lenient.sends("a page that says it is none", answers("GetCACaps", PAGE, "text/plain")) == WEAK
    # What type it is said to be decides nothing.
    assert lenient.sends("words", answers("GetCACaps", b"SCEPStandard", "text/html")) == STRONG


def test_n07_capabilities_that_are_fewer_than_before(make_victim: MakeVictim) -> None:
    """What was once listed stays the least that is used, whatever `legacy-request` would allow, and it is told.

    No list at all says nothing; and an admin who has the machine enroll from scratch answers for the server.
    """
    victim = make_victim(behaviour=Behaviour(legacy_requests=True), scep_legacy_request=True)
    machine, server = victim.machine, victim.server
    assert used(victim.accepts("all", says("AES\nSHA-256\nPOSTPKIOperation\nRenewal"))) == STRONG
    for fewer in ("DES3\nSHA-1\nPOSTPKIOperation\nRenewal", "SHA-256\nPOSTPKIOperation\nRenewal", ""):
        server.behaviour.forgery = says(fewer)
        victim.generation += 1
        with machine.admin() as admin:
            assert admin.renew()[-1]["generation"] == victim.generation, fewer
        assert used(server.journal.operations[-1]) == STRONG, fewer
        (problem,) = machine.wait_enrolled(generation=victim.generation)["problems"]
        assert problem["code"] == LOST, fewer
        assert "aes" in problem["text"] and "owner" in problem["remedy"], fewer
    last = victim.accepts("from scratch", says("DES3\nSHA-1\nPOSTPKIOperation\nRenewal"))
    assert used(last) == ("POST", *WEAK[1:])
