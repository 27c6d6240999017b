"""ClickHouse as a StatefulSet, with what is around it, and as the operator's resource."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.k8s_workloads.vllm_reach import AGENTS, around, at
from tests.support.policies import UNKNOWN, Change, R, both, drop, put, without

STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
INSTALLATION = "kubernetes:clickhouse.altinity.com/v1:ClickHouseInstallation"
LABELS = {"app.kubernetes.io/name": "telemetry"}
SECURE = "<https_port>8443</https_port><tcp_port_secure>9440</tcp_port_secure>"
NO_OTHERS = '<interserver_http_port remove="1"/>'
IMAGE = "clickhouse/clickhouse-server:25.8"


def config(*parts: str, key: str = "server.xml") -> dict[str, str]:
    return {key: f"<clickhouse>{''.join(parts)}</clickhouse>"}


def configured(*parts: str) -> Change:
    return put("config", "data", config(*parts))


def server(image: str = IMAGE, **container: Any) -> dict[str, Any]:
    ports = [{"name": "http", "containerPort": 8443}, {"name": "native", "containerPort": 9440}]
    return {"name": "server", "image": image, "ports": ports, **container}


GOOD = (
    R(
        STATEFUL_SET,
        {
            "metadata": at("telemetry"),
            "spec": {"template": {"metadata": {"labels": LABELS}, "spec": {"containers": [server()]}}},
        },
        name="store",
    ),
    R(CONFIG_MAP, {"metadata": at("config"), "data": config(SECURE, NO_OTHERS)}, name="config"),
    *around(LABELS, 8443, [AGENTS], "telemetry"),
)
SETTINGS = {"tcp_port_secure": 9440, "https_port": 8443, "interserver_http_port": "_removed_"}
_CONTAINER = "spec.template.spec.containers[0]"
_LABELS = "spec.template.metadata.labels"
_RULE = "spec.ingress[0]"
_SETTINGS = "spec.configuration.settings"

EXAMPLES = (
    Example(
        "ch-tls-net",
        good=GOOD,
        bad={
            "no TLS for clients": configured("<https_port>8443</https_port>", NO_OTHERS),
            "no TLS over HTTP": configured("<tcp_port_secure>9440</tcp_port_secure>", NO_OTHERS),
            "TLS is taken away again": configured(
                "<tcp_port_secure>9440</tcp_port_secure>", '<https_port remove="1"/>', NO_OTHERS
            ),
            "servers talk without TLS": configured(
                SECURE, "<interserver_http_port>9009</interserver_http_port>"
            ),
            "servers talk without TLS as the image has it": configured(SECURE),
            "there is no configuration": Bad(without("config"), 3),
            "the configuration is of another namespace": Bad(
                put("config", "metadata.namespace", "elsewhere"), 3
            ),
            "the Service leads to plain HTTP": put("service", "spec.ports[0].targetPort", 8123),
            "the Service leads to the plain native port, too": put(
                "service", "spec.ports[1]", {"name": "native", "port": 9000}
            ),
            "a named port is plain": put("store", f"{_CONTAINER}.ports[0].containerPort", 8123),
            "a LoadBalancer leads to it": put("service", "spec.type", "LoadBalancer"),
            "no policy limits who connects": without("clients"),
            "everybody may connect": drop("clients", f"{_RULE}.from"),
            "a whole namespace may connect": put(
                "clients", f"{_RULE}.from", [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]
            ),
            "every port is open": drop("clients", f"{_RULE}.ports"),
            "the plain port is open": put("clients", f"{_RULE}.ports[0].port", 9000),
            "a range with a plain port is open": put("clients", f"{_RULE}.ports[0].endPort", 9100),
            "the operator's image": both(
                put("store", f"{_CONTAINER}.image", "altinity/clickhouse-server:25.8.1"), configured(SECURE)
            ),
            "a command of an image of one's own": both(
                put(
                    "store", _CONTAINER, server("registry.example.com/db:1", command=["clickhouse", "server"])
                ),
                configured(SECURE),
            ),
            "another image under the recommended label": both(
                put("store", f"{_CONTAINER}.image", "registry.example.com/db:1"),
                put("store", _LABELS, {**LABELS, "app.kubernetes.io/name": "clickhouse"}),
                put("clients", "spec.podSelector", {}),
                drop("clients", f"{_RULE}.from"),
            ),
        },
        fine={
            "servers talk over TLS": configured(
                SECURE, "<interserver_https_port>9010</interserver_https_port>", NO_OTHERS
            ),
            "settings in several files": put(
                "config",
                "data",
                {**config(SECURE), **config(NO_OTHERS, key="b.xml"), "logo.svg": "<svg/>"},
            ),
            "settings in YAML": put(
                "config",
                "data",
                {
                    "server.yaml": "tcp_port_secure: 9440\nhttps_port: 8443\n"
                    'interserver_http_port: {"@remove": "1"}\n'
                },
            ),
            "the keeper is another program": both(
                put("store", f"{_CONTAINER}.image", "clickhouse/clickhouse-keeper:25.8"),
                without("config"),
                without("clients"),
            ),
            "a backup job of the same image": both(
                put("store", f"{_CONTAINER}.command", ["clickhouse-client", "--query", "BACKUP"]),
                without("config"),
                without("clients"),
            ),
            "pods of another namespace may connect": put(
                "clients",
                f"{_RULE}.from",
                [{"namespaceSelector": {"matchLabels": {"team": "data"}}, **AGENTS}],
            ),
        },
        open={
            "the configuration is not known": put("config", "data", {"users.xml": UNKNOWN}),
            "nobody knows which pods a policy is about": put("clients", "spec.podSelector", UNKNOWN),
            "a port is no port of the pod": put("service", "spec.ports[0].targetPort", "other"),
        },
        companions_hide=True,
    ),
    Example(
        "ch-tls-net",
        good=(
            R(
                INSTALLATION,
                {"metadata": at("telemetry"), "spec": {"configuration": {"settings": SETTINGS}}},
                name="telemetry",
            ),
        ),
        bad={
            "no TLS over HTTP": put("telemetry", _SETTINGS, {**SETTINGS, "https_port": "_removed_"}),
            "servers talk without TLS": put(
                "telemetry", _SETTINGS, {**SETTINGS, "interserver_http_port": 9009}
            ),
            "nothing is set": Bad(drop("telemetry", _SETTINGS), 3),
            "nothing is configured": Bad(drop("telemetry", "spec.configuration"), 3),
        },
        fine={
            "ports come with the update": put("telemetry", f"{_SETTINGS}.https_port", UNKNOWN),
        },
        open={"nothing of it is known": put("telemetry", _SETTINGS, UNKNOWN)},
    ),
)
