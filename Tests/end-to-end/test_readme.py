"""What the README shows is true: its files are accepted, its commands and names exist, nothing is left out."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from fixtures import MakeServer
from machine import BINARIES, PATIENCE, Machine
from realservers import Nginx
from scepd import Behaviour, Hierarchy

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
COMMANDS = ["status", "renew", "enroll", "tag", "report", "probe", "config check"]


def section(title: str) -> str:
    """The text below a heading, up to the next of its level."""
    level = title.split()[0]
    found = re.search(rf"^{re.escape(title)}\n(.*?)(?=^#{{2,{len(level)}}} |\Z)", README, re.DOTALL | re.MULTILINE)
    assert found, f"README has no section '{title}'"
    return found[1]


def blocks(language: str, text: str = README) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def rows(text: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def check(machine: Machine, name: str, text: str) -> None:
    """Has signetctl accept a file of the configuration."""
    file = machine.write(f"shown/{name}", text)
    checked = machine.ctl("config", "check", str(file))
    assert checked.returncode == 0, checked.stdout


# Configuration.


def test_the_files_are_right(machine: Machine) -> None:
    shown = re.findall(r"```toml\n# /etc/signet/(\S+)\n(.*?)```", README, re.DOTALL)
    assert [name for name, _ in shown] == ["profiles.d/conditional-access.toml", "signet.toml"]
    assert len(shown) == len(blocks("toml"))
    for name, text in shown:
        check(machine, Path(name).name, text)


# Commands.


def test_the_commands_are_those_of_signetctl(machine: Machine) -> None:
    shown = re.findall(r"^signetctl (config check|\w+)(.*)$", section("## Commands"), re.MULTILINE)
    assert [command for command, _ in shown] == COMMANDS
    for command, rest in shown:
        asked = machine.ctl(*command.split(), "--help")
        assert asked.returncode == 0, asked.stderr
        for option in re.findall(r"--[\w-]+", rest):
            assert option in asked.stdout, f"{command} has no {option}"
    assert set(re.findall(r"signetctl (config check|[a-z]+)", README)) <= set(COMMANDS)


def test_what_is_named_is_in_the_tree() -> None:
    for path in re.findall(r"(?<![\w/.])(?:packaging|systemd|Sources|Tests)/[\w./-]*", README):
        assert (PROJECT / path).exists(), path
    for unit in re.findall(r"\b(signet[\w-]*\.(?:service|socket|path|timer))\b(?!\.)", README):
        assert (PROJECT / "systemd" / unit).is_file(), unit
    for command in re.findall(r"^(packaging/\S+)", "".join(blocks("sh")), re.MULTILINE):
        assert os.access(PROJECT / command, os.X_OK), command


def test_the_machine_to_play_with() -> None:
    """As it is written, but for where the machine and the programs lie."""
    with tempfile.TemporaryDirectory(prefix="signet-") as folder:
        moved = {
            r"(\.\./)*\.build/release": str(BINARIES),
            r"(\.\./)*\.build/python/bin/python": sys.executable,
            "/tmp/machine": f"{folder}/m",
        }
        start, look = blocks("sh", section("## Working on it"))
        for written, here in moved.items():
            start, look = re.sub(written, here, start), re.sub(written, here, look)
        supervisor = ["bash", "-c", f"exec setsid bash -c {shlex.quote(start)}"]
        with subprocess.Popen(supervisor, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
                commands = look.splitlines()
                assert len(commands) == 4
                for command in commands:
                    shell = ["bash", "-c", command]
                    done = subprocess.run(
                        shell, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE, check=False
                    )
                    assert done.returncode == 0, command + done.stderr
                    assert done.stdout, command
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                # The shell is gone at once; whoever holds its output last, the supervisor, has ended its programs.
                process.communicate(timeout=PATIENCE)


def test_the_credential_is_the_one_that_the_agent_looks_for() -> None:
    """What `LoadCredential=signet:FOLDER` makes of a file's name."""
    service = (PROJECT / "systemd/signetd.service").read_text()
    assert "\nLoadCredential=signet:/etc/signet/credentials\n" in service
    text = section("### Credentials encrypted for one machine")
    assert "\nLoadCredentialEncrypted=signet_scep-challenge\n" in blocks("ini", text)[0]
    (commands,) = blocks("sh", text)
    assert "--name=signet_scep-challenge --tpm2-pcrs= - /etc/credstore.encrypted/signet_scep-challenge" in commands


# A fleet.


def test_ansible_reads_the_playbook(tmp_path: Path) -> None:
    (text,) = blocks("yaml", section("### Ansible"))
    playbook = tmp_path / "signet.yml"
    playbook.write_text(text)
    read = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "--syntax-check", "-i", "localhost,", str(playbook)],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(tmp_path), "ANSIBLE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    for task in yaml.safe_load(text)[0]["tasks"]:
        (module,) = (key for key in task if key.startswith("ansible.builtin."))
        if module.endswith(".copy"):
            assert task[module]["dest"].startswith(("/etc/signet/", "/var/cache/"))
            assert task[module]["mode"] == ("0600" if "/credentials/" in task[module]["dest"] else "0644")


def test_what_ansible_validates_is_found_right(machine: Machine) -> None:
    """It hands over a copy that is named after its source's ending alone."""
    (text,) = blocks("yaml", section("### Ansible"))
    tasks = [task.get("ansible.builtin.copy", {}) for task in yaml.safe_load(text)[0]["tasks"]]
    (copy,) = (one for one in tasks if "validate" in one)
    assert copy["validate"] == "signetctl config check %s"
    shown = blocks("toml")[0]
    assert shown.startswith(f"# {copy['dest']}{copy['src']}\n")
    check(machine, f".source{Path(copy['src']).suffix}", shown)
    refused = machine.ctl("config", "check", str(machine.write("shown/.source.toml", shown + "anchor = []\n")))
    assert refused.returncode == 1


def test_cloud_init_writes_what_the_agent_takes(machine: Machine) -> None:
    (text,) = blocks("yaml", section("### cloud-init"))
    assert text.startswith("#cloud-config\n")
    files = {file["path"]: file for file in yaml.safe_load(text)["write_files"]}
    profile = files["/etc/signet/profiles.d/conditional-access.toml"]["content"]
    check(machine, "conditional-access.toml", profile)
    assert files["/etc/signet/credentials/scep-challenge"]["permissions"] == "0600"
    named = set(re.findall(r'"(/etc/signet/anchors/[^"]+)"', profile))
    assert named == {path for path in files if path.startswith("/etc/signet/anchors/")}


NEXT_CERTIFICATE = "signet_next_certificate_not_after_timestamp_seconds"
"""A machine of test_succession has it."""


def test_alerts_are_about_metrics_that_there_are(enrolled: Machine) -> None:
    (text,) = blocks("yaml", section("### What to watch"))
    families = text_string_to_metric_families((enrolled.root / "run/signet/public/metrics.prom").read_text())
    samples = [sample for family in families for sample in family.samples]
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert len(rules) == 3
    for rule in rules:
        # What comes after the first only keeps an alert back, and is not there on this machine.
        name, *others = re.findall(r"signet_\w+", rule["expr"])
        assert others in ([], [NEXT_CERTIFICATE])
        wanted = dict(re.findall(r'(\w+)="([^"]*)"', rule["expr"]))
        assert any(one.name == name and wanted.items() <= one.labels.items() for one in samples), rule["expr"]


def test_fields_to_watch_are_fields_of_the_status() -> None:
    schema = json.loads((PROJECT / "packaging/status.schema.json").read_text())

    def resolved(part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        return part

    fields = [field for names, _ in rows(section("### What to watch")) for field in re.findall(r"`([^`]+)`", names)]
    assert len(fields) >= 8
    for field in fields:
        part = schema
        for word in field.split("."):
            part = resolved(resolved(part)["properties"][word.removesuffix("[]")])
            if word.endswith("[]"):
                part = resolved(part["items"])


# Files.


def test_every_file_of_a_machine_is_named(machine: Machine, make_server: MakeServer) -> None:
    # Nobody answers there, so that reports wait.
    machine.write("etc/signet/signet.toml", '[management]\nendpoint = "https://127.0.0.1:9/events"\n')
    lists = machine.folder / "crls"
    lists.mkdir()
    with Nginx(lists) as nginx:
        server = make_server(Behaviour(), Hierarchy(crl_url=nginx.url), crl_folder=nginx.root)
        machine.profile(server, device_tag_require_revocation_check=True)
        machine.start()
        machine.wait_enrolled()
    with machine.control() as client:
        assert any(status["outbox"]["waiting"] > 0 for status in client.changes(PATIENCE))
    named = set()
    for line in blocks("", section("## Where files live"))[0].splitlines():
        first, *more = [word.rstrip(",") for word in re.split(r"\s{2,}", line)[0].split()]
        folder = first if first.endswith("/") else first.rpartition("/")[0] + "/"
        for path in [first, *(one if one.startswith("/") else folder + one for one in more)]:
            named.add(path.removeprefix("/").replace("NAME", "access").replace("NNNN", "0001"))
    sockets = ("control", "admin", "install")
    named = {path.replace("{control,admin,install}", name) for path in named for name in sockets}
    for place in ("var/lib/signet", "run/signet", "etc/ssl/signet/access/current"):
        for file in (machine.root / place).rglob("*"):
            path = str(file.relative_to(machine.root))
            # One that is being written has another name for a moment.
            if not file.is_dir() and ".tmp-" not in file.name:
                assert any(path == one or (one.endswith("/") and path.startswith(one)) for one in named), path
    for path in named:
        if path.startswith(("var/lib/signet", "run/signet", "etc/ssl/signet")) and not path.endswith("pending/"):
            assert (machine.root / path).exists(), path
