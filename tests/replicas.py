"""Two of the app behind nginx, as deploy/nginx.conf has them."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.running import free_port, started_app, wait_until_served

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
AROUND = """
daemon off;
user root;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 2000; }}
http {{
    log_format replicas "$uri $upstream_addr";
    access_log {folder}/access.log replicas;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {shipped}
}}
"""


@dataclass(frozen=True)
class Replicas:
    """nginx's port, the replicas' processes by their ports, and a log with a line "path host:port" a request."""

    port: int
    apps: dict[int, subprocess.Popen]
    log: Path


@contextmanager
def running_replicas(folder: Path, prefix: str = "") -> Iterator[Replicas]:
    """Two replicas behind nginx, which keeps its files in `folder`; under a prefix such as "/demo"."""
    assert NGINX, "no nginx found"
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    port = free_port()
    with ExitStack() as stack:
        environment = {"GRADIO_ROOT_PATH": prefix} if prefix else {}
        apps = dict(stack.enter_context(started_app(**environment)) for _ in range(2))
        changes = {"listen 80": f"listen 127.0.0.1:{port}"}
        changes |= {f":{old}": f":{new}" for old, new in zip((7861, 7862), apps, strict=True)}
        if prefix:
            changes |= {"location /": f"location {prefix}/", "http://advdemo;": "http://advdemo/;"}
        for old, new in changes.items():
            assert old in shipped
            shipped = shipped.replace(old, new)
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, shipped=shipped))
        nginx = stack.enter_context(subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"]))
        stack.callback(nginx.terminate)
        for replica, app in apps.items():
            wait_until_served(replica, app)
        yield Replicas(port, apps, folder / "access.log")
