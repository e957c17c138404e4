"""Nothing to do, no process; and what brings the agent back."""

import configuration
from conftest import CHALLENGE
from device import Device
from scepd import SCEPServer


def starts(container: Device) -> str:
    """Another value for each start of the agent, also after it is gone."""
    return container.show("signetd.service", "ExecMainStartTimestampMonotonic")[0]


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
    before = starts(enrolled)
    enrolled.run("systemctl", "start", "signetd.service")
    enrolled.wait_idle()
    after = starts(enrolled)
    assert after != before
    # A start that followed would have been queued before this one, which takes longer than one does.
    enrolled.run("systemd-run", "--wait", "--quiet", "sleep", "3")
    assert starts(enrolled) == after
    assert "signetd" not in enrolled.programs()


def test_the_timer_comes_once_an_hour(enrolled: Device) -> None:
    text = enrolled.run(
        "systemctl", "show", "--property=TimersCalendar,FixedRandomDelay,Persistent", "signetd.timer"
    ).stdout
    assert "OnCalendar=*-*-* *:00:00" in text
    assert {"FixedRandomDelay=yes", "Persistent=yes"} <= set(text.split())
    assert enrolled.run("systemctl", "is-active", "signetd.timer").stdout.strip() == "active"
