"""Who may do what: the kernel decides at connect(2), by the modes of sockets and files."""

from device import Device
from scepd import SCEPServer

MODES = {
    "": "root:root 755",
    "/control": "root:root 666",
    "/admin": "root:signet-admin 660",
    "/install": "root:signet 660",
    "/public": "signet:signet 755",
}
CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


def test_anybody_may_look(enrolled: Device) -> None:
    for user in ("root", "alice", "bob", "nobody"):
        assert enrolled.tag(user) == "valid-client-certificate"
        assert enrolled.signetctl("tag", "access", user=user).returncode == 0


def test_root_and_signet_admin_may_renew_and_others_are_refused_by_the_kernel(
    enrolled: Device, server: SCEPServer
) -> None:
    enrolled.signetctl("renew", "access", "--wait", user="alice")
    assert enrolled.wait_enrolled(generation=2)["problems"] == []
    enrolled.signetctl("renew", "access", "--wait")
    enrolled.wait_enrolled(generation=3)
    for user in ("bob", "nobody"):
        for command in ("renew", "enroll"):
            done = enrolled.signetctl(command, "access", "--wait", user=user, check=False)
            assert done.returncode == 4, done
        refused = enrolled.run("python3", "-c", CONNECT, "/run/signet/admin", user=user, check=False)
        assert "PermissionError: [Errno 13]" in refused.stderr
    assert len(server.journal.issued) == 3


def test_sockets_and_who_can_open_them(enrolled: Device) -> None:
    """They lie in root's folder: whoever owned it could put a socket of another's in their place."""
    for user in ("alice", "bob", "nobody"):
        refused = enrolled.run("python3", "-c", CONNECT, "/run/signet/install", user=user, check=False)
        assert "PermissionError: [Errno 13]" in refused.stderr
    enrolled.run("python3", "-c", CONNECT, "/run/signet/install", user="signet")
    shown = enrolled.run("stat", "--format=%n %U:%G %a", *(f"/run/signet{name}" for name in MODES)).stdout
    assert shown.splitlines() == [f"/run/signet{name} {mode}" for name, mode in MODES.items()]


def test_keys_and_challenges_are_not_read_by_others(enrolled: Device) -> None:
    enrolled.run("usermod", "--append", "--groups=signet-clients", "alice")
    published, state = "/etc/ssl/signet/access/current", "/var/lib/signet/profiles/access/generations/0001"
    enrolled.run("openssl", "x509", "-noout", "-in", f"{published}/cert.pem", user="bob")
    enrolled.run("openssl", "pkey", "-noout", "-in", f"{published}/key.pem", user="alice")
    for user, file in (
        ("bob", f"{published}/key.pem"),
        ("bob", f"{published}/combined.pem"),
        ("alice", f"{state}/key.pem"),
        ("alice", "/etc/signet/credentials/scep-challenge"),
        ("signet", "/etc/signet/credentials/scep-challenge"),
        ("signet", f"{published}/key.pem"),
    ):
        refused = enrolled.run("cat", file, user=user, check=False)
        assert (refused.returncode, refused.stdout) == (1, ""), f"{user} reads {file}"
        assert "Permission denied" in refused.stderr
