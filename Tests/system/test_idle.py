"""Nothing to do, no process; and what brings the agent back."""

import configuration
from conftest import CHALLENGE
from device import Device
from scepd import SCEPServer

STARTED = "39f53479d3a045ac8e11786248231fbf"
"""systemd's entry for a unit that it has started (systemd.directives(7), SD_MESSAGE_UNIT_STARTED)."""


def starts(container: Device) -> str:
    """Another value for each start of the agent, also after it is gone."""
    return container.show("signetd.service", "ExecMainStartTimestampMonotonic")[0]


def started(container: Device) -> int:
    """How often systemd has started the agent since the boot."""
    container.run("journalctl", "--sync")
    return len(container.journal("UNIT=signetd.service", f"MESSAGE_ID={STARTED}"))


def assert_started(container: Device, before: str, what: str) -> None:
    """It was started since, does not stay, and has nothing failed."""
    container.wait_for(lambda: starts(container) != before, 20, f"{what} does not start the agent")
    container.wait_idle()
    assert container.show("signetd.service", "Result") == ["success"]


def test_a_call_a_tick_and_a_changed_file_each_start_it(enrolled: Device, server: SCEPServer) -> None:
    asked = server.journal.exchanges
    enrolled.wait_idle("signet-installd")
    assert enrolled.programs() == []

    before = starts(enrolled)
    assert enrolled.tag("bob") == "valid-client-certificate"
    assert_started(enrolled, before, "a call")

    before = starts(enrolled)
    configuration.settings(enrolled, idle_exit="2s")
    assert_started(enrolled, before, "a changed signet.toml")

    before = starts(enrolled)
    enrolled.write("etc/signet/anchors/another.pem", server.hierarchy.root.pem)
    assert_started(enrolled, before, "a changed anchor")

    before = starts(enrolled)
    configuration.challenge(enrolled, CHALLENGE)
    assert_started(enrolled, before, "a changed credential")

    before = starts(enrolled)
    enrolled.drop_in("signetd.timer", "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/5\nRandomizedDelaySec=0\n")
    enrolled.run("systemctl", "daemon-reload")
    enrolled.run("systemctl", "restart", "signetd.timer")
    assert_started(enrolled, before, "a tick")
    assert server.journal.exchanges == asked


def test_what_it_writes_itself_does_not_start_it(enrolled: Device) -> None:
    """It would start for ever."""
    before = started(enrolled)
    enrolled.run("systemctl", "start", "signetd.service")
    enrolled.wait_idle()
    # systemd looks again, and waits for the next change.
    enrolled.wait_for(lambda: enrolled.show("signetd.path", "SubState") == ["waiting"], what="the path is not watched")
    assert "signetd" not in enrolled.run("systemctl", "list-jobs", "--no-legend").stdout
    assert started(enrolled) == before + 1
    # What its files had brought about would be noticed before this change, by the same watch.
    configuration.settings(enrolled, idle_exit="2s")
    enrolled.wait_for(lambda: started(enrolled) > before + 1, what="a changed signet.toml does not start the agent")
    enrolled.wait_idle()
    assert started(enrolled) == before + 2


def test_the_timer_comes_once_an_hour(enrolled: Device) -> None:
    text = enrolled.run(
        "systemctl", "show", "--property=TimersCalendar,FixedRandomDelay,Persistent", "signetd.timer"
    ).stdout
    assert "OnCalendar=*-*-* *:00:00" in text
    assert {"FixedRandomDelay=yes", "Persistent=yes"} <= set(text.split())
    assert enrolled.run("systemctl", "is-active", "signetd.timer").stdout.strip() == "active"
