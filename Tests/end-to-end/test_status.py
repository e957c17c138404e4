"""The status, in every form in which it is offered."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent import AgentError
from machine import Machine

_SCHEMA = Path(__file__).parents[2] / "packaging/status.schema.json"


def varlink(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command line of the PyPI package."""
    command = [sys.executable, "-m", "varlink.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_status_file_keeps_to_its_schema(enrolled: Machine) -> None:
    jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text())).validate(enrolled.status())
    file = enrolled.root / "run/signet/public/status.json"
    assert file.stat().st_mode & 0o7777 == 0o644


def test_the_status_file_before_and_after_a_failure_keeps_to_its_schema(machine: Machine) -> None:
    machine.write("etc/signet/profiles.d/broken.toml", "[scep]\nurl = 1\n")
    machine.start()
    with machine.control() as client:
        next(status for status in client.changes(30) if status["problems"])
    status = machine.status()
    jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text())).validate(status)
    (problem,) = status["problems"]
    assert problem["code"] == "profile-invalid"
    assert "broken" in problem["text"]


def test_prometheus_reads_the_metrics(enrolled: Machine) -> None:
    file = enrolled.root / "run/signet/public/metrics.prom"
    assert file.stat().st_mode & 0o7777 == 0o644
    families = {family.name: family for family in text_string_to_metric_families(file.read_text())}
    tags = {sample.labels["value"]: sample.value for sample in families["signet_device_tag"].samples}
    assert tags.pop("valid-client-certificate") == 1
    assert set(tags.values()) == {0}
    (expiry,) = families["signet_certificate_not_after_timestamp_seconds"].samples
    assert expiry.labels == {"profile": "access"}
    assert all(family.documentation for family in families.values())


@pytest.mark.parametrize("socket", ["control", "admin"])
def test_both_sockets_introduce_themselves(enrolled: Machine, socket: str) -> None:
    address = f"unix:{enrolled.root}/run/signet/{socket}"
    told = varlink("info", address)
    assert "io.signet.Agent" in told.stdout, told.stderr
    described = varlink("help", f"{address}/io.signet.Agent")
    assert "method GetStatus(profile: ?string) -> (status: Status)" in described.stdout, described.stderr
    called = varlink("call", f"{address}/io.signet.Agent.GetStatus", '{"profile": "access"}')
    assert json.loads(called.stdout)["status"]["profiles"][0]["state"] == "active", called.stderr


def test_the_control_socket_only_reads(enrolled: Machine) -> None:
    with enrolled.control() as client, pytest.raises(AgentError) as refused:
        client.enroll()
    assert "PermissionDenied" in refused.value.name
    assert enrolled.status()["profiles"][0]["identity"]["generation"] == 1


@pytest.mark.parametrize("method", ["Renew", "Enroll"])
def test_an_unknown_profile_is_named(enrolled: Machine, method: str) -> None:
    with enrolled.admin() as client, pytest.raises(AgentError) as refused:
        list(client.begin(method, "nobody"))
    assert (refused.value.name, refused.value.parameters) == ("NoSuchProfile", {"profile": "nobody"})


def test_the_tag_is_judged_when_asked(enrolled: Machine) -> None:
    with enrolled.control() as client:
        tag = client.tags()["access"]
    assert tag["value"] == "valid-client-certificate"
    assert tag["valid_until"]
    assert tag["checks"]
    assert {check["result"] for check in tag["checks"] if check["hard"]} <= {"pass", "skip"}


def test_the_installers_socket_is_introspectable_and_closed_to_others(enrolled: Machine) -> None:
    path = enrolled.root / "run/signet/install"
    assert path.stat().st_mode & 0o777 == 0o600
    told = varlink("info", f"unix:{path}")
    assert "io.signet.Installer" in told.stdout, told.stderr


def test_signetctl_tells_the_same(enrolled: Machine) -> None:
    done = enrolled.ctl("status", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text())).validate(document)
    assert document["profiles"] == enrolled.status()["profiles"]
    for line in enrolled.ctl("status").stdout.splitlines():
        assert len(line) <= 80
    assert enrolled.ctl("tag", "access").returncode == 0
    assert enrolled.ctl("renew", "access", "--wait").returncode == 0
    assert enrolled.ctl("renew", "nobody").returncode == 1
    assert enrolled.ctl("config", "check").returncode == 0
    assert enrolled.ctl("no-such-command").returncode == 2


def test_signetctl_names_every_error_with_its_place(machine: Machine) -> None:
    file = machine.write("etc/signet/profiles.d/broken.toml", '[scep]\nurl = 1\nchallange = "x"\n')
    done = machine.ctl("config", "check")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"{file.name}:2" in said
    assert f"{file.name}:3" in said
    assert "challange" in said


def test_signetctl_without_an_agent(machine: Machine) -> None:
    assert machine.ctl("status").returncode == 3
