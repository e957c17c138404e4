"""Counts that tests give and the run adds up: kill points, hostile requests, whatever a sentence of the docs rests on.

A test says `record_property(count("kill points"), 37)`; the last lines of the run say how many there were of each.
"""

from collections import Counter

from _pytest.terminal import TerminalReporter

_PREFIX = "count: "


def count(what: str) -> str:
    """The name of the property that holds a count of these."""
    return _PREFIX + what


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Prints the sums over all tests that passed."""
    sums: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name.startswith(_PREFIX):
                sums[name.removeprefix(_PREFIX)] += int(value)
    if sums:
        terminalreporter.section("counted")
        for what, number in sorted(sums.items()):
            terminalreporter.write_line(f"{number:7} {what}")
