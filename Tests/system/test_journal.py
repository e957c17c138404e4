"""The journal holds fields of its own kind, by which a machine can look for what happened, and explains itself."""

from device import Device
from scepd import SCEPServer

ISSUED = "057377a6502742f392f08668b4a5fcd4"
PUBLISHED = "19a84159367740659871807fdbbcb291"
PROFILE_INVALID = "44d9d16ee8664e879c12a508b00dbb62"
"""MESSAGE_IDs: they never change, since others look for them."""


def test_entries_carry_native_fields(enrolled: Device, server: SCEPServer) -> None:
    entries = enrolled.journal("SIGNET_PROFILE=access")
    assert {one["_SYSTEMD_UNIT"] for one in entries} == {"signetd.service", "signet-installd.service"}
    assert {one["SYSLOG_IDENTIFIER"] for one in entries} == {"signetd", "signet-installd"}
    # Not lines of text that journald took from standard error.
    assert {one["_TRANSPORT"] for one in entries} == {"journal"}
    assert all(len(one["MESSAGE_ID"]) == 32 for one in entries)
    (issued,) = enrolled.journal(f"MESSAGE_ID={ISSUED}")
    assert (issued["SIGNET_PROFILE"], issued["SIGNET_GENERATION"]) == ("access", "1")
    (certificate,) = server.journal.issued
    assert f"{certificate.serial_number:x}" in issued["MESSAGE"].lower()
    (request,) = server.journal.operations
    assert enrolled.journal(f"SIGNET_TRANSACTION={request.transaction_id}")
    assert enrolled.journal(f"MESSAGE_ID={PUBLISHED}", "SIGNET_GENERATION=1")


def test_a_problem_is_found_by_its_code_and_explained(enrolled: Device) -> None:
    enrolled.write("etc/signet/profiles.d/broken.toml", "[scep]\nurl = 1\n")
    entry = enrolled.wait_for(lambda: enrolled.journal("SIGNET_PROBLEM=profile-invalid"), what="no entry")[0]
    assert entry["MESSAGE_ID"] == PROFILE_INVALID
    assert int(entry["PRIORITY"]) <= 3
    assert "/etc/signet/profiles.d/broken.toml" in entry["MESSAGE"]
    shown = enrolled.run("journalctl", "--no-pager", "--catalog", f"MESSAGE_ID={PROFILE_INVALID}").stdout
    # As journalctl shows an explanation, and with what to do about it.
    assert "Subject: " in shown and "Defined-By: Signet" in shown
    assert "signetctl config check" in shown
