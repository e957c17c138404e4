"""Debian's nginx with a configuration of its own: for CRLs over HTTP, and as a gateway that wants certificates."""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from . import process

_CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    log_format clients '$request_method $uri $status $ssl_client_s_dn';
    access_log {folder}/clients.log clients;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ application/pkix-crl crl; }}
    server {{
        listen 127.0.0.1:{port}{tls};
        root {root};
        {gateway}
    }}
}}
"""
_GATEWAY = """\
ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {clients};
        ssl_verify_client {verify};
        ssl_verify_depth 4;
        location / {{ {location}; }}
"""


class Nginx:
    """Serves the files of `root` on a loopback port; nothing outside its own temporary folder is written.

    With `gateway`, it serves HTTPS with that certificate and key, lets in only clients whose certificate leads to one
    of the CAs in the third file, and answers with the client's subject; or, with `upstream`, with what the server of
    that URL answers. With `verify` "off" or "optional" it lets in others, too. A context manager.
    """

    def __init__(
        self,
        root: Path,
        gateway: tuple[Path, Path, Path] | None = None,
        port: int | None = None,
        upstream: str | None = None,
        verify: str = "on",
    ) -> None:
        self.root = root
        self.port = port or process.free_port()
        self._gateway = gateway
        self._verify = verify
        self._location = f"proxy_pass {upstream}" if upstream else 'return 200 "$ssl_client_s_dn\\n"'
        self._folder = Path(tempfile.mkdtemp(prefix="signet-nginx-"))

    @property
    def url(self) -> str:
        """The root folder's URL, without a slash at its end."""
        return f"{'https' if self._gateway else 'http'}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[str]:
        """The access log's lines."""
        return self._lines("access.log")

    @property
    def clients(self) -> list[str]:
        """One line a request: method, path, status, and the subject of the certificate that the client showed."""
        return self._lines("clients.log")

    def _lines(self, name: str) -> list[str]:
        log = self._folder / name
        return log.read_text().splitlines() if log.exists() else []

    def start(self) -> Self:
        """Starts it and waits until it listens; also again after `stop`."""
        self._folder.mkdir(exist_ok=True)
        gateway = ""
        if self._gateway:
            certificate, key, clients = self._gateway
            gateway = _GATEWAY.format(
                certificate=certificate, key=key, clients=clients, verify=self._verify, location=self._location
            )
        configuration = self._folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=self._folder,
                port=self.port,
                root=self.root.resolve(),
                gateway=gateway,
                tls=" ssl" if self._gateway else "",
            )
        )
        # Workers run as www-data, who must reach the files.
        self._folder.chmod(0o755)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        log = self._folder / "output"
        command = [program, "-c", str(configuration), "-p", str(self._folder), "-e", str(self._folder / "error.log")]
        self._process = process.start(command, log)
        try:
            process.wait_listening(self._process, ("127.0.0.1", self.port), log)
        except process.NotListening:
            process.end(self._process)
            raise
        return self

    def stop(self) -> None:
        """Ends it and removes its folder."""
        process.end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
