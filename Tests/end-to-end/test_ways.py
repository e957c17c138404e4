"""The way to the server: HTTP proxies that others wrote, HTTPS with the system's trust or the profile's, a client's
certificate where one is asked for, IPv6, and a list of URLs."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures import MakeServer
from interference import Interference, server_files
from machine import Machine
from realservers import Nginx, Proxy, Squid, Tinyproxy
from realservers.process import free_port
from receiver import Receiver
from scepd import Hierarchy, RAKind, SCEPServer

ROOT = "/etc/signet/anchors/root.pem"
KINDS = [Tinyproxy, Squid]


def by(machine: Machine, proxy: Proxy, password: str | None = None) -> dict[str, str]:
    """`proxy` of a profile, with the proxy's login, or a wrong password, in a credential."""
    user, right = proxy.login
    machine.challenges.add(password or right)
    machine.write("etc/signet/credentials/proxy-login", f"{user}:{password or right}\n", 0o600)
    return {"url": proxy.url, "credential": "proxy-login"}


@contextlib.contextmanager
def in_front(server: SCEPServer, folder: Path, verify: str = "off") -> Iterator[Nginx]:
    """HTTPS in front of the server: a certificate of its own PKI, whose devices are known."""
    chain, key = server_files(server.hierarchy, "127.0.0.1", folder)
    clients = folder / "clients.pem"
    clients.write_text(server.hierarchy.root.pem)
    upstream = f"http://127.0.0.1:{server.port}"
    with Nginx(folder, gateway=(chain, key, clients), upstream=upstream, verify=verify) as nginx:
        yield nginx


@contextlib.contextmanager
def instead_of(path: str, text: str, folder: Path) -> Iterator[None]:
    """Another content of a file of the system's, seen in this process' own mounts only."""
    other = folder / Path(path).name
    other.write_text(text)
    subprocess.run(["mount", "--bind", other, path], check=True, timeout=20)
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True, timeout=20)


def operations(server: SCEPServer) -> list[str]:
    """What the server was asked, in order."""
    return [one.operation for one in server.journal.exchanges]


# Proxies.


@pytest.mark.parametrize("login", [False, True], ids=["open", "login"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_forwards_http(machine: Machine, server: SCEPServer, kind: type[Proxy], login: bool) -> None:
    with kind(login=login) as proxy:
        machine.profile(server, scep_proxy=by(machine, proxy) if login else proxy.url)
        machine.start()
        assert machine.wait_enrolled()["problems"] == []
        assert proxy.requests == [f"{method} {server.url}" for method in ("GET", "GET", "POST")]
    assert operations(server) == ["GetCACaps", "GetCACert", "PKIOperation"]


@pytest.mark.parametrize("login", [False, True], ids=["open", "login"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_tunnels_https_once_a_transaction(
    machine: Machine, server: SCEPServer, tmp_path: Path, kind: type[Proxy], login: bool
) -> None:
    with in_front(server, tmp_path) as nginx, kind(login=login) as proxy:
        way = by(machine, proxy) if login else proxy.url
        machine.profile(server, scep_url=f"{nginx.url}/scep", scep_proxy=way, scep_tls_ca=ROOT)
        machine.start()
        assert machine.wait_enrolled()["problems"] == []
        assert proxy.requests == [f"CONNECT 127.0.0.1:{nginx.port}"]


def proxy_problem(machine: Machine, server: SCEPServer) -> str:
    """The text of the problem with the proxy; the server has seen nothing."""
    problem = machine.wait_problem("proxy-failing")
    assert (problem["severity"], server.journal.exchanges) == ("error", [])
    return str(problem["text"])


@pytest.mark.parametrize("password", [None, "wrong"], ids=["none", "wrong"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_wants_another_login_is_told_as_that(
    machine: Machine, server: SCEPServer, tmp_path: Path, kind: type[Proxy], scheme: str, password: str | None
) -> None:
    with in_front(server, tmp_path) as nginx, kind(login=True) as proxy:
        way: Any = by(machine, proxy, password) if password else proxy.url
        url = server.url if scheme == "http" else f"{nginx.url}/scep"
        machine.profile(server, scep_url=url, scep_proxy=way, scep_tls_ca=ROOT)
        machine.start()
        if (kind, scheme, password) == (Tinyproxy, "http", "wrong"):
            # It says 401, as a server would.
            assert "HTTP status 401" in machine.wait_problem("request-refused")["text"]
            return
        text = proxy_problem(machine, server)
        assert "proxy-unauthorised" in text and "user:password in the credential that proxy names" in text
        assert ("got one that it refuses" if password else "got none") in text


def test_a_right_login_is_noticed_by_itself(machine: Machine, server: SCEPServer) -> None:
    with Squid(login=True) as proxy:
        machine.profile(server, scep_proxy={"url": proxy.url, "credential": "proxy-login"})
        machine.start()
        assert "nothing in the credential 'proxy-login'" in proxy_problem(machine, server)
        # The service manager hands credentials over at a start.
        machine.stop()
        by(machine, proxy)
        machine.start()
        assert machine.wait_enrolled()["problems"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_opens_no_tunnel_is_told_as_that(
    machine: Machine, server: SCEPServer, tmp_path: Path, kind: type[Proxy]
) -> None:
    with in_front(server, tmp_path) as nginx, kind(tunnels=False) as proxy:
        machine.profile(server, scep_url=f"{nginx.url}/scep", scep_proxy=proxy.url, scep_tls_ca=ROOT)
        machine.start()
        text = proxy_problem(machine, server)
        assert f"proxy-refused (expected a tunnel to '{nginx.url}' by '{proxy.url}', got HTTP status 403)" in text


@pytest.mark.parametrize("host", ["127.0.0.1", "nobody.invalid"], ids=["not there", "no name"])
def test_a_proxy_that_is_not_there_is_told_as_that(machine: Machine, server: SCEPServer, host: str) -> None:
    machine.profile(server, scep_proxy=f"http://{host}:{free_port()}")
    machine.start()
    assert f"proxy-not-connected (expected a proxy at 'http://{host}:" in proxy_problem(machine, server)


def test_revocation_lists_and_reports_take_the_way_that_the_files_name(
    machine: Machine, make_server: MakeServer
) -> None:
    lists = machine.folder / "crls"
    lists.mkdir()
    with Nginx(lists) as nginx, Squid(login=True) as proxy:
        server = make_server(hierarchy=Hierarchy(crl_url=nginx.url), crl_folder=lists)
        with Receiver(server.hierarchy) as receiver:
            way = by(machine, proxy)
            machine.profile(server, scep_proxy=way, device_tag_require_revocation_check=True)
            machine.reports_to(receiver.url, proxy=way)
            machine.start()
            machine.wait_enrolled()
            assert machine.ctl("report").returncode == 0
            assert receiver.accepted and receiver.violations == []
        assert f"GET {nginx.url}/issuing.crl" in proxy.requests
        assert f"CONNECT {receiver.url.removeprefix('https://').removesuffix('/events')}" in proxy.requests


# HTTPS.


def plain_ra(make_server: MakeServer) -> SCEPServer:
    """A server whose RA certificate says nothing of being one: only HTTPS can authorise it."""
    hierarchy = Hierarchy(RAKind.ONE)
    hierarchy.signer = hierarchy.recipient = hierarchy.device("front desk")
    return make_server(hierarchy=hierarchy)


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_what_https_authorises_is_judged_by_the_servers_certificate(
    machine: Machine, make_server: MakeServer, tmp_path: Path, kind: type[Proxy] | None
) -> None:
    """With a CA of the profile's it does; a chain to an anchor that Signet installs does not, trusted as it may be."""
    server = plain_ra(make_server)
    bundle = instead_of("/etc/ssl/certs/ca-certificates.crt", server.hierarchy.root.pem, tmp_path)
    with in_front(server, tmp_path) as nginx, bundle, kind() if kind else contextlib.nullcontext() as proxy:
        way = proxy.url if proxy else None
        machine.profile(server, scep_url=f"{nginx.url}/scep", scep_proxy=way)
        machine.start()
        machine.wait_problem("ra-not-authorised")
        assert server.journal.operations == []
        machine.profile(server, scep_url=f"{nginx.url}/scep", scep_proxy=way, scep_tls_ca=ROOT)
        machine.wait_enrolled()


def test_the_systems_trust_counts_where_the_profile_names_no_ca(
    machine: Machine, server: SCEPServer, tmp_path: Path
) -> None:
    with in_front(server, tmp_path) as nginx:
        machine.profile(server, scep_url=f"{nginx.url}/scep")
        machine.start()
        assert "tls-refused" in machine.wait_problem("server-unreachable")["text"]
        assert server.journal.exchanges == []
        machine.stop()
        with instead_of("/etc/ssl/certs/ca-certificates.crt", server.hierarchy.root.pem, tmp_path):
            machine.start()
            with machine.admin() as admin:
                assert admin.enroll()[-1]["generation"] == 1
            assert machine.wait_enrolled()["problems"] == []


def test_who_renews_shows_the_identity_to_a_server_that_asks(
    machine: Machine, server: SCEPServer, tmp_path: Path
) -> None:
    """nginx lets nobody in without one; it is the certificate that is renewed, each time anew."""
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    with in_front(server, tmp_path, verify="on") as nginx:
        machine.profile(server, scep_url=f"{nginx.url}/scep", scep_tls_ca=ROOT)
        with machine.admin() as admin:
            for generation in (2, 3):
                assert admin.renew()[-1]["generation"] == generation
        shown = [f"{method} /scep 200 CN=laptop-7,O=Signet Tests" for method in ("GET", "GET", "POST")]
        assert nginx.clients == shown * 2
    assert [one.message_type for one in server.journal.operations] == ["19", "17", "17"]


@pytest.mark.parametrize("verify", ["optional", "on"])
def test_an_enrollment_has_nothing_to_show(machine: Machine, server: SCEPServer, tmp_path: Path, verify: str) -> None:
    with in_front(server, tmp_path, verify) as nginx:
        machine.profile(server, scep_url=f"{nginx.url}/scep", scep_tls_ca=ROOT)
        machine.start()
        if verify == "on":
            assert "HTTP status 400" in machine.wait_problem("request-refused")["text"]
            assert server.journal.exchanges == []
        else:
            machine.wait_enrolled()
        assert {line.split(" ", 3)[3] for line in nginx.clients} == {"-"}


# Addresses.


def test_ipv6_by_address_and_by_name(machine: Machine, make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(host="::1")
    assert server.url == f"http://[::1]:{server.port}/scep"
    named = f"http://pki.six.example:{server.port}/scep"
    with instead_of("/etc/hosts", "127.0.0.1 localhost\n::1 pki.six.example\n", tmp_path):
        machine.profile(server, "address", install_anchors=[], install_chain=[])
        machine.profile(server, "name", scep_url=named, install_anchors=[], install_chain=[])
        machine.start()
        machine.wait_enrolled("address")
        machine.wait_enrolled("name")


def test_a_urls_own_query_is_kept(machine: Machine, server: SCEPServer) -> None:
    with Interference(("127.0.0.1", server.port)) as between:
        route = between.route()
        machine.profile(server, scep_url=f"{route.url}?tenant=7&x=%20")
        machine.start()
        machine.wait_enrolled()
        path = f"{route.url.partition(str(between.port))[2]}?tenant=7&x=%20&operation="
        targets = [bytes(one).split(b" ", 2)[1].decode() for one in route.requests]
    names = ["GetCACaps", "GetCACert", "PKIOperation"]
    assert targets == [path + name for name in names]


def test_a_transaction_keeps_to_one_of_several_servers(machine: Machine, make_server: MakeServer) -> None:
    """The first is dead: all of the transaction goes to the second, and nothing to the third. The next transaction asks
    the first one again."""
    first, second, third = make_server(), make_server(), make_server()
    port = first.port
    first.stop()
    machine.profile(second, scep_url=[first.url, second.url, third.url])
    machine.start()
    machine.wait_enrolled()
    assert operations(second) == ["GetCACaps", "GetCACert", "PKIOperation"]
    assert len({one.connection for one in second.journal.exchanges}) == 1
    back = make_server(hierarchy=second.hierarchy, port=port)
    back.authority.issued += second.authority.issued
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    assert operations(back) == ["GetCACaps", "GetCACert", "PKIOperation"]
    assert (len(second.journal.exchanges), third.journal.exchanges) == (3, [])
