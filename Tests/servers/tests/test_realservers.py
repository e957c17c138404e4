"""Debian's servers start, answer, and leave nothing behind."""

import subprocess
import urllib.request
from pathlib import Path

import pytest

from realservers import Nginx, Proxy, ScepServer, Squid, Tinyproxy


def test_nginx_serves_a_folder(tmp_path: Path) -> None:
    (tmp_path / "issuing.crl").write_bytes(b"crl")
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent != Path("/tmp"):
            parent.chmod(0o755)
    with Nginx(tmp_path) as nginx:
        with urllib.request.urlopen(f"{nginx.url}/issuing.crl", timeout=10) as answer:
            assert answer.read() == b"crl"
            assert answer.headers["Content-Type"] == "application/pkix-crl"
        folder = nginx._folder
    assert not folder.exists()


@pytest.mark.parametrize("kind", [Tinyproxy, Squid])
def test_a_proxy_forwards_for_who_is_known_and_goes(tmp_path: Path, kind: type[Proxy]) -> None:
    tmp_path.chmod(0o755)
    with Nginx(tmp_path) as nginx, kind(login=True) as proxy:

        def status(login: str) -> str:
            command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--noproxy", ""]
            command += ["--proxy", proxy.url, "--proxy-user", login, f"{nginx.url}/nothing?a=b"]
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout

        # curl decodes what looks percent-encoded; nginx finds nothing, or may not look.
        assert status(":".join(proxy.login).replace("%", "%25")) in ("403", "404")
        assert status("nobody:x") in ("401", "407")
        assert set(proxy.requests) == {f"GET {nginx.url}/nothing"}
        folder = proxy._folder
    assert not folder.exists()


def test_scepserver_answers_debians_client_and_goes(tmp_path: Path) -> None:
    with ScepServer("secret") as server:
        with urllib.request.urlopen(f"{server.url}?operation=GetCACaps", timeout=10) as answer:
            assert b"POSTPKIOperation" in answer.read()
        command = f"scepclient -server-url {server.url} -challenge secret -private-key k.pem -certificate c.pem"
        subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True, timeout=60)
        subprocess.run(["openssl", "verify", "-CAfile", server.ca, "c.pem"], cwd=tmp_path, check=True, timeout=20)
        namespace, folder = server._namespace, server._folder
    listed = subprocess.run(["ip", "netns"], check=True, capture_output=True, text=True, timeout=20).stdout
    assert namespace not in listed
    assert not folder.exists()


def test_a_failed_start_is_told_and_cleaned_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ScepServer("secret")
    monkeypatch.setattr(server, "_namespace", "not/a/name")
    with pytest.raises(Exception, match="may make network namespaces"):
        server.start()
    assert not server._folder.exists()
