"""Secrets that stand where everybody can read them. None of these is one: they are put together here."""

from __future__ import annotations

import base64
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, Hidden, R, add, both, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
PARAMETER = "aws:ssm/parameter:Parameter"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
LAMBDA = "aws:lambda/function:Function"
PASSWORD = "hunter2-" + "hunter2"
ACCESS_KEY = "AK" + "IA" + "Q3EXAMPLEEXAMPLE"
PRIVATE_KEY = "\n".join(("-----BEGIN RSA " + "PRIVATE KEY-----", "MIIB", "-----END RSA PRIVATE KEY-----"))
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ3\n-----END CERTIFICATE-----"
GITHUB = "gh" + "p_" + "a1B2" * 9
SIGNED = ".".join(("ey" + "JhbGciOiJIUzI1NiJ9", "ey" + "JzdWIiOiJzZXJ2ZXIifQ", "c2lnbmF0dXJlLW9m"))
RANDOM = "q7Zt0Lr4" + "Wb9XnK2m" + "Vd5HsY8c" + "Jf3GpT6u"
DIGEST = "sha256:" + "0f1e2d3c" * 8


def _container(**parts: Any) -> dict[str, Any]:
    return {"name": "server", "image": f"registry.example/server@{DIGEST}", **parts}


_ENV = [
    {"name": "DATABASE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}},
    {"name": "PASSWORD_FILE", "value": "/run/secrets/database-password"},
    {"name": "API_TOKEN", "value": "$(TOKEN_OF_THE_POD)"},
    {"name": "LISTEN_ON", "value": "https://models.example.com:8443/v1"},
]
_GOOD = (
    R(
        DEPLOYMENT,
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            _container(env=_ENV, args=["--token-file", "/run/token", "--max-tokens=4096"])
                        ],
                        "initContainers": [_container(command=["sh", "-c", "psql --file /migrate.sql"])],
                    }
                }
            }
        },
        name="server",
    ),
    R(
        CONFIG_MAP,
        {
            "data": {
                "ca.crt": CERTIFICATE,
                "server.conf": "port = 5432\npassword_file = /run/secrets/password\ntoken: ${env:TOKEN}\n",
                "start.sh": 'export PGPASSWORD="$(cat /run/secrets/password)"\n',
                "main.py": "password = settings.password\ntoken = os.environ['TOKEN']\n",
            }
        },
        name="settings",
    ),
    R(
        SECRET,
        {"stringData": {"password": PASSWORD, "key.pem": PRIVATE_KEY}, "data": {"token": RANDOM}},
        name="secret",
    ),
    R(PARAMETER, {"type": "SecureString", "name": "/app/password", "value": PRIVATE_KEY}, name="secure"),
    R(PARAMETER, {"type": "String", "name": "/app/url", "value": "https://example.com"}, name="plain"),
    R(TEMPLATE, {"userData": base64.b64encode(b"#!/bin/sh\nnodeadm init\n").decode()}, name="nodes"),
    R(LAMBDA, {"environment": {"variables": {"LOG_LEVEL": "info", "RETRIES": "3"}}}, name="function"),
    R("aws:rds/instance:Instance", {"password": PASSWORD, "identifier": DIGEST}, name="database"),
    R(
        "aws:acm/certificate:Certificate",
        {"privateKey": PRIVATE_KEY, "certificateBody": CERTIFICATE},
        name="cert",
    ),
    R("aws:secretsmanager/secretVersion:SecretVersion", {"secretString": SIGNED}, name="version"),
    R(
        "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
        {"webhooks": [{"clientConfig": {"caBundle": base64.b64encode(CERTIFICATE.encode()).decode()}}]},
        name="webhook",
    ),
)
_POD = "spec.template.spec"


def _env(name: str, value: object, where: str = "containers[0].env[4]") -> Change:
    return put("server", f"{_POD}.{where}", {"name": name, "value": value})


def _args(*args: str) -> Change:
    return put("server", f"{_POD}.containers[0].args", list(args))


EXAMPLES = (
    Example(
        "sec-no-literals",
        good=_GOOD,
        bad={
            "a password in the environment": _env("DATABASE_PASSWORD", PASSWORD),
            "a password that the program marked": _env("PGPASSWORD", Hidden(PASSWORD)),
            "a value that the state hides": _env("SOMETHING", "[secret]"),
            "a key in the environment": _env("MODEL_API_KEY", PASSWORD),
            "in a container that starts first": put(
                "server", f"{_POD}.initContainers[0].env", [{"name": "apiKey", "value": PASSWORD}]
            ),
            "in a container that is added later": put(
                "server",
                f"{_POD}.ephemeralContainers",
                [_container(env=[{"name": "TOKEN", "value": PASSWORD}])],
            ),
            "in another kind of workload": add(
                R(
                    CRON_JOB,
                    {
                        "spec": {
                            "jobTemplate": {
                                "spec": {
                                    "template": {
                                        "spec": {
                                            "containers": [
                                                _container(env=[{"name": "TOKEN", "value": RANDOM}])
                                            ]
                                        }
                                    }
                                }
                            }
                        }
                    },
                    name="job",
                )
            ),
            "a database's URL with its password": _env("DATABASE_URL", f"postgresql://app:{PASSWORD}@db/app"),
            "an access key under any name": _env("SOMETHING", ACCESS_KEY),
            "something random under any name": _env("SOMETHING", RANDOM),
            "an argument": _args("serve", f"--api-key={PASSWORD}"),
            "an argument of its own": _args("serve", "--api-key", PASSWORD),
            "a header in an argument": _args("curl", "-H", f"Authorization: Bearer {RANDOM}"),
            "a line of a script": put(
                "server", f"{_POD}.initContainers[0].command[2]", f"export PGPASSWORD={PASSWORD}\npsql"
            ),
            "two of them": Bad(both(_env("API_KEY", PASSWORD), _args("--token", PASSWORD)), 2),
            "a private key in a ConfigMap": put("settings", "data.key", PRIVATE_KEY),
            "a private key in base64": put(
                "settings", "data.key", base64.b64encode(PRIVATE_KEY.encode()).decode()
            ),
            "a line of a ConfigMap": put("settings", "data.conf", f"port: 1\npassword: {PASSWORD}\n"),
            "a value of a ConfigMap": put("settings", "data.clientSecret", PASSWORD),
            "an annotation": put("secret", "metadata.annotations.was", f"token={GITHUB}"),
            "an annotation of anything": put("server", "metadata.annotations.was", SIGNED),
            "a parameter in plain text": put("secure", "type", "String"),
            "a parameter with a name that says so": add(
                R(PARAMETER, {"type": "String", "name": "/app/db/password", "value": PASSWORD}, name="other")
            ),
            "a parameter that says it is insecure": put("plain", "insecureValue", RANDOM),
            "user data": put("nodes", "userData", f"#!/bin/sh\nexport TOKEN={PASSWORD}\n"),
            "user data in base64": put(
                "nodes", "userData", base64.b64encode(f"aws_key={ACCESS_KEY}\n".encode()).decode()
            ),
            "a function's environment": put("function", "environment.variables.API_TOKEN", PASSWORD),
            "a tag": put("database", "tags.note", ACCESS_KEY),
            "a chart's values": add(
                R(
                    "kubernetes:helm.sh/v3:Release",
                    {"values": {"auth": {"postgresPassword": PASSWORD}}},
                    name="chart",
                )
            ),
        },
        fine={
            "a name of a secret": _env("PULL_SECRET_NAME", "registry-credentials"),
            "a word that is short": _env("TOKEN", "none"),
            "a URL without a password": _env("URL", "https://user@example.com:8443/a:b@c"),
            "a URL with a reference": _env("URL", "postgresql://app:$(PASSWORD)@db/app"),
            "a number of tokens": _env("MAX_TOKENS", "1024"),
            "an id": _env("ID", "8f14e45f-ceea-467f-a0e6-5e0d3b5f8a4b"),
            "a commit": _env("REVISION", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"),
            "what another resource will say": _env("DATABASE_PASSWORD", UNKNOWN),
            "a public key": put("settings", "data.key", PRIVATE_KEY.replace("RSA PRIVATE", "PUBLIC")),
            "a definition, which only describes": add(
                R(
                    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
                    {"spec": {"description": f"For example {ACCESS_KEY}"}},
                    name="definition",
                )
            ),
        },
    ),
)
