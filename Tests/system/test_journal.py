"""The journal holds fields of its own kind, by which a machine can look for what happened."""

from device import Device
from scepd import SCEPServer


def test_entries_carry_native_fields(enrolled: Device, server: SCEPServer) -> None:
    entries = enrolled.journal("SIGNET_PROFILE=access")
    assert {one["_SYSTEMD_UNIT"] for one in entries} == {"signetd.service", "signet-installd.service"}
    assert {one["SYSLOG_IDENTIFIER"] for one in entries} == {"signetd", "signet-installd"}
    # Not lines of text that journald took from standard error.
    assert {one["_TRANSPORT"] for one in entries} == {"journal"}
    issued = [one for one in entries if one.get("SIGNET_GENERATION") == "1"]
    assert len(issued) == 1
    (certificate,) = server.journal.issued
    assert f"{certificate.serial_number:x}" in issued[0]["MESSAGE"].lower()


def test_a_problem_is_found_by_its_code(enrolled: Device) -> None:
    enrolled.write("etc/signet/profiles.d/broken.toml", "[scep]\nurl = 1\n")
    entry = enrolled.wait_for(lambda: enrolled.journal("SIGNET_PROBLEM=profile-invalid"), what="no entry")[0]
    assert int(entry["PRIORITY"]) <= 3
    assert "/etc/signet/profiles.d/broken.toml" in entry["MESSAGE"]
