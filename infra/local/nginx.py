"""The edge's nginx configuration: plain text from plain values, no Pulumi."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

HTTPS_PORT = 8443
HTTP_PORT = 8080
HEALTH_PORT = 8081
"""Where the container listens; the health port is for the kubelet only, no Service names it."""

STANDARD_HTTPS_PORT = 443
LOOPBACK_HOSTS = ("localhost", "127.0.0.1")
"""The edge is published on this machine's loopback, whatever name people also give it."""


@dataclass(frozen=True, kw_only=True)
class EdgeConfig:
    """What the configuration depends on; all times in seconds."""

    hosts: tuple[str, ...]
    """Names and addresses that people use; any other host gets 404."""
    upstream: str
    """`host:port` of the server's Service."""
    public_https_port: int
    """Where people reach the TLS listener; it differs from the container's port behind a NodePort."""
    idle: int
    """Longest silence on a connection, within a response or between two, before the edge gives it up."""
    drain: int
    """Longest time that a stopping nginx waits for open streams."""
    upstream_keepalive: int
    """Longest idle time of a connection to the server that may be used again."""
    upstream_lifetime: int
    """Age at which a connection to the server is not used again."""
    body_limit_mib: int

    def __post_init__(self) -> None:
        if not self.hosts:
            raise ValueError("The edge needs at least one host name to answer for; none was given.")
        for host in self.hosts:
            if not host or set(host) & set(" ;{}$\"'\\\n"):
                raise ValueError(f"{host!r} is not a host name or address that the edge can answer for.")


_TEMPLATE = Template("""\
worker_processes 2;
worker_shutdown_timeout ${drain}s;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events {
    worker_connections 4096;
}

http {
    server_tokens off;
    default_type application/octet-stream;
    client_body_temp_path /tmp/client_body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;

    # The path without its query: people paste tokens into URLs.
    log_format json escape=json
        '{"time":"$$time_iso8601","level":"info","logger":"edge","request_id":"$$edge_request_id",'
        '"method":"$$request_method","path":"$$uri","status":$$status,"bytes":$$body_bytes_sent,'
        '"duration":$$request_time,"upstream":"$$upstream_addr","upstream_duration":"$$upstream_response_time"}';
    access_log /dev/stdout json;

    keepalive_timeout ${idle}s;
    client_header_timeout 15s;
    client_body_timeout 60s;
    client_max_body_size ${body_limit}m;
    send_timeout 60s;
    reset_timedout_connection on;
    large_client_header_buffers 4 16k;

    ssl_certificate /etc/nginx/tls/tls.crt;
    ssl_certificate_key /etc/nginx/tls/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:tls:2m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    # A request without an upgrade keeps its connection to the server for the next one.
    map $$http_upgrade $$upstream_connection {
        default upgrade;
        ''      '';
    }
    map $$http_x_request_id $$edge_request_id {
        default $$http_x_request_id;
        ''      $$request_id;
    }

    upstream server {
        # Twice, so that a refused connection is tried again: the Service leads it to another pod.
        server ${upstream} max_fails=0;
        server ${upstream} max_fails=0;
        # Both together stay below the server's preStop pause: when a pod starts to stop, no connection
        # that the edge would use again leads to it, and no request races with its closing.
        keepalive 64;
        keepalive_timeout ${upstream_keepalive}s;
        keepalive_time ${upstream_lifetime}s;
    }

    server {
        listen ${health_port};
        access_log off;
        location = /healthz {
            default_type text/plain;
            return 200 "ok\\n";
        }
        location / {
            return 404;
        }
    }

    server {
        listen ${http_port} default_server;
        return 404;
    }

    server {
        listen ${http_port};
        server_name ${hosts};
        return 308 https://$$host${redirect_port}$$request_uri;
    }

    server {
        listen ${https_port} ssl http2 default_server;
        return 404;
    }

    server {
        listen ${https_port} ssl http2;
        server_name ${hosts};

        # For scrapers inside the cluster, not for the public.
        location = /metrics {
            return 404;
        }

        location / {
            proxy_pass http://server;
            proxy_http_version 1.1;
            proxy_set_header Host $$http_host;
            proxy_set_header Connection $$upstream_connection;
            proxy_set_header Upgrade $$http_upgrade;
            proxy_set_header X-Real-IP $$remote_addr;
            proxy_set_header X-Forwarded-For $$remote_addr;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host $$http_host;
            proxy_set_header X-Forwarded-Port ${public_https_port};
            proxy_set_header X-Request-Id $$edge_request_id;

            proxy_buffering off;
            proxy_connect_timeout 2s;
            proxy_send_timeout 60s;
            proxy_read_timeout ${idle}s;
            proxy_next_upstream error timeout;
            proxy_next_upstream_tries 2;
            proxy_next_upstream_timeout 10s;
        }
    }
}
""")


def render(config: EdgeConfig) -> str:
    """The whole of nginx.conf."""
    port = config.public_https_port
    return _TEMPLATE.substitute(
        hosts=" ".join(config.hosts),
        upstream=config.upstream,
        redirect_port="" if port == STANDARD_HTTPS_PORT else f":{port}",
        public_https_port=port,
        https_port=HTTPS_PORT,
        http_port=HTTP_PORT,
        health_port=HEALTH_PORT,
        idle=config.idle,
        drain=config.drain,
        upstream_keepalive=config.upstream_keepalive,
        upstream_lifetime=config.upstream_lifetime,
        body_limit=config.body_limit_mib,
    )
