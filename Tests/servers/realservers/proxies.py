"""Debian's tinyproxy and squid, each with a configuration of its own, on loopback."""

import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from . import process


class Proxy(ABC):
    """An HTTP proxy. A context manager; nothing outside its own temporary folder is written.

    With `login` it wants that one. Without `tunnels` it refuses CONNECT.
    """

    log: str
    login: tuple[str, str]
    """A user and a password."""

    def __init__(self, *, login: bool = False, tunnels: bool = True) -> None:
        self.port = process.free_port()
        self._wants_login = login
        self._tunnels = tunnels
        self._folder = Path(tempfile.mkdtemp(prefix="signet-proxy-"))

    @property
    def url(self) -> str:
        """What `proxy` in a profile names."""
        return f"http://127.0.0.1:{self.port}"

    @property
    @abstractmethod
    def requests(self) -> list[str]:
        """Method and target, without a query, of each request that came, as it logged them."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Writes the configuration; how to run it in the foreground."""

    def _lines(self) -> list[str]:
        log = self._folder / self.log
        return log.read_text(errors="replace").splitlines() if log.exists() else []

    def __enter__(self) -> Self:
        output = self._folder / "output"
        self._process = process.start(self._command(), output)
        try:
            process.wait_listening(self._process, ("127.0.0.1", self.port), output, 60)
        except process.NotListening:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process.end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)


class Tinyproxy(Proxy):
    """Debian's tinyproxy. Its configuration takes letters, digits and -._ in a password."""

    log = "output"
    login = ("laptop", "what-is.1t_now")

    @property
    def requests(self) -> list[str]:
        """From lines like `CONNECT … Request (file descriptor 5): POST http://127.0.0.1/ HTTP/1.1`."""
        lines = [line.partition("Request (file descriptor ")[2] for line in self._lines()]
        return [line.partition("): ")[2].rpartition(" ")[0].partition("?")[0] for line in lines if line]

    def _command(self) -> list[str]:
        lines = [f"Port {self.port}", "Listen 127.0.0.1", "Timeout 120", "LogLevel Connect", "MaxClients 20"]
        if self._wants_login:
            lines.append("BasicAuth {} {}".format(*self.login))
        if not self._tunnels:
            lines.append("ConnectPort 0")
        configuration = self._folder / "tinyproxy.conf"
        configuration.write_text("\n".join(lines) + "\n")
        return [shutil.which("tinyproxy") or "/usr/bin/tinyproxy", "-d", "-c", str(configuration)]


class Squid(Proxy):
    """Debian's squid; its logins are Basic, judged by basic_ncsa_auth."""

    log = "access.log"
    # A colon and what a URL would be decoded for are part of the password.
    login = ("laptop", "wait:what?%41")

    @property
    def requests(self) -> list[str]:
        """From lines of method and target; a connection without a request is one of `-`."""
        return [line.partition("?")[0] for line in self._lines() if not line.startswith("-")]

    def _command(self) -> list[str]:
        users, configuration = self._folder / "users", self._folder / "squid.conf"
        hashed = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"],
            input=self.login[1],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        users.write_text(f"{self.login[0]}:{hashed.stdout}")
        lines = [
            f"http_port 127.0.0.1:{self.port}",
            f"pid_filename {self._folder}/squid.pid",
            "logformat line %rm %ru",
            f"access_log stdio:{self._folder}/access.log line",
            # Else a line may lie in a buffer when a test looks.
            "buffered_logs off",
            "logfile_rotate 0",
            f"cache_log {self._folder}/cache.log",
            f"coredump_dir {self._folder}",
            "cache deny all",
            "cache_mem 1 MB",
            "max_filedescriptors 1024",
            "shutdown_lifetime 0 seconds",
            "pinger_enable off",
            "visible_hostname proxy.example",
            f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {users}",
            "auth_param basic children 1",
            "acl known proxy_auth REQUIRED",
            *([] if self._tunnels else ["http_access deny CONNECT"]),
            f"http_access allow {'known' if self._wants_login else 'all'}",
            "http_access deny all",
        ]
        configuration.write_text("\n".join(lines) + "\n")
        # As root it becomes this user, who must write its logs.
        for path in (self._folder, users, configuration):
            shutil.chown(path, "proxy", "proxy")
        return [shutil.which("squid") or "/usr/sbin/squid", "-N", "-f", str(configuration)]
