"""The other images run read-only and without capabilities, and their health checks mean something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.images.conftest import Built
from tests.images.containers import Container, image_config

Start = Callable[..., Container]
NGINX = """
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events {}
http {
    access_log /dev/stdout;
    client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
    server { listen 8443; return 200 "fine\\n"; }
}
"""


def is_healthy(built: Built, name: str, container: Container) -> bool:
    """What the image's own health check says."""
    kind, *command = image_config(built(name))["config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    return container.execute(*command).returncode == 0


def test_the_stand_in_serves_and_stops_when_told(start: Start, built: Built) -> None:
    container = start("standin")
    container.wait_until(lambda: is_healthy(built, "standin", container))
    fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/v1/models').read().decode())"
    assert "scripted-stand-in" in container.execute("python", "-c", fetch).stdout
    container.signal("TERM")
    assert container.wait(20) == 0
    assert '"path":"/v1/models","status":200' in container.output.read_text()


def test_the_edge_serves_a_mounted_configuration(start: Start, built: Built, tmp_path: Path) -> None:
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(NGINX)
    container = start("edge", mounts={"/etc/nginx/nginx.conf": configuration})
    container.wait_until(lambda: is_healthy(built, "edge", container))
    container.signal("QUIT")
    assert container.wait(20) == 0
    assert "open() " not in container.output.read_text()


def test_the_edge_without_a_listener_is_not_healthy(start: Start, built: Built, tmp_path: Path) -> None:
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(NGINX.replace("8443", "8081"))
    container = start("edge", mounts={"/etc/nginx/nginx.conf": configuration})
    container.wait_until(lambda: container.execute("nc.openbsd", "-z", "127.0.0.1", "8081").returncode == 0)
    assert not is_healthy(built, "edge", container)


def test_pause_holds_until_it_is_told_to_stop(start: Start) -> None:
    container = start("pause")
    container.wait_until(lambda: "running" in container.state())
    container.signal("TERM")
    assert container.wait(5) == 0
