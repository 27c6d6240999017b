"""Secrets reach pods as files, and are written nowhere else."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, both, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SPEC = "spec.template.spec"
FIRST = f"{SPEC}.containers[0]"
SECRET = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}


def container() -> dict[str, Any]:
    return {
        "env": [
            {"name": "DB_PASSWORD_FILE", "value": "/run/secrets/password"},
            {"name": "DB_USER", "value": "app"},
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        ],
        "envFrom": [{"configMapRef": {"name": "config"}}],
        "command": ["server"],
        "args": ["--password-file", "/run/secrets/password", "--max-tokens=100"],
    }


WORKLOADS = (
    R(
        DEPLOYMENT,
        {
            "spec": {
                "template": {
                    "spec": {"containers": [container(), container()], "initContainers": [container()]}
                }
            }
        },
    ),
    R(
        CRON_JOB,
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container()]}}}}}},
        name="nightly",
    ),
)
CONFIG = R(
    CONFIG_MAP,
    {
        "data": {
            "nginx.conf": "ssl_certificate_key /etc/nginx/tls/tls.key;\nproxy_set_header Host $http_host;\n",
            "app.yaml": "password: ${DB_PASSWORD}\npassword_file: /run/x\ntoken: ''\nurl: https://u:${P}@h/\n",
            "max_tokens": "4096",
        }
    },
    name="config",
)
OPEN = {"nobody knows the containers": put("it", f"{SPEC}.containers", UNKNOWN)}


def env(name: str, value: object) -> Change:
    return put("it", f"{FIRST}.env[1]", {"name": name, "value": value})


def data(key: str, value: object) -> Change:
    return lambda stack: [
        R(one.type, {"data": {**one.props["data"], key: value}}, one.name) if one.name == "config" else one
        for one in stack
    ]


EXAMPLES = (
    Example(
        "k8s-secrets-as-files",
        good=WORKLOADS,
        bad={
            "a key of a Secret": put("it", f"{FIRST}.env[1]", SECRET),
            "in the second container": put("it", f"{SPEC}.containers[1].env[3]", SECRET),
            "in an init container": put("it", f"{SPEC}.initContainers[0].env[0]", SECRET),
            "in an ephemeral container": put("it", f"{SPEC}.ephemeralContainers", [{"env": [SECRET]}]),
            "in a CronJob": put("nightly", f"spec.jobTemplate.{SPEC}.containers[0].env[0]", SECRET),
            "a whole Secret": put("it", f"{FIRST}.envFrom[1]", {"secretRef": {"name": "s"}}),
            "both": Bad(
                both(
                    put("it", f"{FIRST}.env[1]", SECRET),
                    put("it", f"{FIRST}.envFrom[0]", {"prefix": "A_", "secretRef": {"name": "s"}}),
                ),
                2,
            ),
        },
        fine={"no references": put("it", f"{FIRST}.envFrom", [])},
        open={**OPEN, "nor where a value is from": put("it", f"{FIRST}.env[2].valueFrom", UNKNOWN)},
    ),
    Example(
        "k8s-no-creds-in-config",
        good=(*WORKLOADS, CONFIG),
        bad={
            "a password": env("DB_PASSWORD", "hunter2"),
            "a password that is a number": env("PGPASSWORD_2", 123456),
            "a key": env("OPENAI_API_KEY", "abcdef"),
            "in capitals and small letters": env("apiToken", "abcdef"),
            "an AWS key under a harmless name": env("ACCOUNT", "AKIA" + "IOSFODNN7EXAMPLE"),
            "a password in an address": env("DATABASE_URL", "postgresql://app:hunter2@db.example.com/app"),
            "a key's format": env("MODEL", "sk-" + "0123456789abcdefghij"),
            "in an init container": put(
                "it", f"{SPEC}.initContainers[0].env[0]", {"name": "SECRET", "value": "s3cr3t"}
            ),
            "in a CronJob": put(
                "nightly",
                f"spec.jobTemplate.{SPEC}.containers[0].env[0]",
                {"name": "TOKEN", "value": 7},
            ),
            "in an argument": put("it", f"{FIRST}.args[2]", "--api-key=abcdef"),
            "in the argument after": Bad(
                both(put("it", f"{FIRST}.args[0]", "--api-key"), put("it", f"{FIRST}.args[1]", "abcdef"))
            ),
            "in a script": put("it", f"{FIRST}.command", ["sh", "-c", "DB_PASSWORD=hunter2 exec server"]),
            "a ConfigMap's key": data("db-password", "hunter2"),
            "a line of a file": data("app.yaml", "database:\n  user: app\n  password: hunter2\n"),
            "a line of JSON": data("app.json", '{\n  "apiKey": "abcdef"\n}'),
            "an element of XML": data("users.xml", "<users><app><password>hunter2</password></app></users>"),
            "a private key": data("tls.pem", "-----BEGIN RSA PRIVATE KEY-----\nabcdef\n"),
            "a header": data("otel.yaml", 'headers:\n  authorization: "Bearer 0123456789abcdef0123"\n'),
            "a JSON web token": data("session", "eyJhbGciOiJIUzI1." + "eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2Q"),
        },
        fine={
            "a path": env("DB_PASSWORD", "/run/secrets/password"),
            "a reference to another variable": env("DB_PASSWORD", "$(OTHER)"),
            "nothing": env("DB_PASSWORD", ""),
            "a secret's ARN": env("DB_SECRET", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db"),
            "a number of tokens": env("TOKEN_LIMIT", "4096"),
            "the working directory": env("PWD", "workdir"),
            "a hash, for somebody else to judge": data(
                "users.xml", "<password_sha256_hex>0a1b</password_sha256_hex>"
            ),
            "a comment": data("app.yaml", "# password: ask the platform team\n"),
            "an address without a password": env("DATABASE_URL", "postgresql://app@db.example.com/app"),
        },
        open={
            **OPEN,
            "nobody knows a password's value": env("DB_PASSWORD", UNKNOWN),
            "nor a value of the ConfigMap": data("app.yaml", UNKNOWN),
        },
        repeatable=False,
    ),
)
