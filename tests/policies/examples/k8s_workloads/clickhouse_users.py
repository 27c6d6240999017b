"""Users of ClickHouse in XML, YAML, Secrets and the operator's resource."""

import base64
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, Hidden, R, add, both, drop, put

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
INSTALLATION = "kubernetes:clickhouse.altinity.com/v1:ClickHouseInstallation"
HASH = "65e84be33532fb784c48129675f9eff3a682b27168c0ea744b2cf58ee02337c5"
HASHED = f"<password_sha256_hex>{HASH}</password_sha256_hex>"
NEAR = "<networks><ip>10.48.0.0/16</ip></networks>"
GONE = '<default remove="remove"/>'
WRITER = f"<writer>{HASHED}{NEAR}<profile>writing</profile></writer>"
READER = f"<app_reader>{HASHED}{NEAR}<profile>reading</profile><quota>reading</quota></app_reader>"
ADMIN = (
    f"<admin>{HASHED}<networks><ip>127.0.0.1</ip><ip>::1</ip></networks>"
    "<access_management>1</access_management></admin>"
)
PROFILES = "<profiles><reading><readonly>1</readonly></reading></profiles>"
QUOTAS = "<quotas><reading><interval><queries>1000</queries></interval></reading></quotas>"


def document(*users: str, rest: str = PROFILES + QUOTAS) -> str:
    return f"<clickhouse><users>{''.join(users)}</users>{rest}</clickhouse>"


def config_map(text: Any, key: str = "roost.xml", **labels: str) -> R:
    return R(
        CONFIG_MAP,
        {"metadata": {"name": "users", "namespace": "roost", "labels": labels}, "data": {key: text}},
        name="users",
    )


def now(*users: str, rest: str = PROFILES + QUOTAS) -> Change:
    return put("users", "data", {"roost.xml": document(*users, rest=rest)})


def reader(changed: str, to: str) -> Change:
    assert changed in READER
    return now(GONE, WRITER, READER.replace(changed, to))


def secret(text: str, **props: Any) -> R:
    encoded = base64.b64encode(text.encode()).decode()
    given = {"metadata": {"name": "hashes", "namespace": "roost"}, "data": {"hashes.xml": encoded}}
    return R(SECRET, {**given, **props}, name="hashes")


GOOD = (
    config_map(document(GONE, WRITER, READER, ADMIN)),
    R(CONFIG_MAP, {"metadata": {"namespace": "roost"}, "data": {"app.xml": "<app/>", "n": "1"}}, name="app"),
    R(SECRET, {"metadata": {"namespace": "roost"}, "data": {"password": "c2VjcmV0"}}, name="login"),
)
AS_YAML = f"""
users:
  default: {{"@remove": "remove"}}
  app_reader:
    password_sha256_hex: {HASH}
    networks: {{ip: ["10.48.0.0/16", "127.0.0.1"]}}
    profile: reading
    quota: reading
profiles: {{reading: {{readonly: 1}}}}
quotas: {{reading: {{interval: {{duration: 3600, read_rows: 1000000}}}}}}
"""
OPERATED: dict[str, Any] = {
    "default/networks/ip": ["127.0.0.1", "::1"],
    "default/password_sha256_hex": HASH,
    "app_reader/k8s_secret_password_sha256_hex": "roost/clickhouse/reader",
    "app_reader/networks/ip": "10.48.0.0/16",
    "app_reader/profile": "reading",
    "app_reader/quota": "reading",
}


def operated(**changes: Any) -> Change:
    """`app_reader__profile` stands for `app_reader/profile`; None leaves it out."""
    renamed = {key.replace("__", "/"): value for key, value in changes.items()}
    merged = {**OPERATED, **renamed}
    return put("them", "spec.configuration.users", {k: v for k, v in merged.items() if v is not None})


def instead(what: str, by: str) -> Change:
    assert what in AS_YAML
    return put("users", "data", {"roost.yaml": AS_YAML.replace(what, by)})


EXAMPLES = (
    Example(
        "ch-users",
        good=GOOD,
        bad={
            "the default user is as it came": now(WRITER, READER),
            "the default user needs no password": now("<default><networks><ip>::1</ip></networks></default>"),
            "the default user has an empty password": now(f"<default><password/>{NEAR}</default>"),
            "a password stands in the clear": reader(HASHED, "<password>qwerty</password>"),
            "a user says that it needs none": reader(HASHED, "<no_password/>"),
            "a user may come from everywhere": reader(NEAR, ""),
            "a user may come from everywhere by name": reader("10.48.0.0/16", "::/0"),
            "from everywhere in halves": reader(
                "<ip>10.48.0.0/16</ip>", "<ip>0.0.0.0/1</ip><ip>128.0.0.0/1</ip>"
            ),
            "from every host": reader("<ip>10.48.0.0/16</ip>", "<host_regexp>.*</host_regexp>"),
            "an application manages access": now(
                GONE, WRITER.replace("</writer>", "<access_management>1</access_management></writer>")
            ),
            "the reader's profile writes": now(
                GONE, READER, rest=QUOTAS + "<profiles><reading><readonly>0</readonly></reading></profiles>"
            ),
            "the reader's profile says nothing about it": now(GONE, READER, rest=QUOTAS),
            "the reader has no profile": reader("<profile>reading</profile>", ""),
            "the reader has no quota": reader("<quota>reading</quota>", ""),
            "the reader's quota only counts": now(
                GONE, READER, rest=PROFILES + QUOTAS.replace("<queries>1000", "<queries>0")
            ),
            "all in the old spelling": Bad(
                put("users", "data", {"u.xml": "<yandex><users><default/></users></yandex>"}), 2
            ),
            "a second file of the same map": put(
                "users",
                "data",
                {
                    "a.xml": document(GONE, READER),
                    "b.xml": document(WRITER.replace(HASHED, "<password>qwerty</password>")),
                },
            ),
        },
        fine={
            "the default user is limited": now(f"<default>{HASHED}{NEAR}</default>"),
            "the whole file is replaced": put("users", "data", {"users.xml": document(WRITER)}),
            "the password comes from the environment": reader(HASHED, '<password from_env="READER"/>'),
            "a certificate proves who it is": reader(HASHED, "<ssl_certificates><x/></ssl_certificates>"),
            "hosts by name": reader("<ip>10.48.0.0/16</ip>", "<host>collector.roost.svc</host>"),
            "the profile of the image": both(
                reader("<profile>reading</profile>", "<profile>readonly</profile>")
            ),
            "a Secret has the hash": both(
                reader(HASHED, ""),
                add(secret(document(f"<app_reader>{HASHED}</app_reader>", rest=""))),
            ),
            "another program's XML": put(
                "users", "data", {"users.txt": "<config><users><a/></users></config>"}
            ),
        },
        open={
            "the file is not known": put("users", "data", {"users.xml": UNKNOWN}),
            "it declares entities": put(
                "users", "data", {"u.xml": f'<!DOCTYPE x [<!ENTITY a "b">]>{document(GONE)}'}
            ),
            "it is not XML": put("users", "data", {"u.xml": "<clickhouse><users>"}),
            "networks stand elsewhere": reader(NEAR, '<networks incl="networks"/>'),
            "an address is none": reader("10.48.0.0/16", "not-a-cidr"),
            "a Secret that nobody can read may have the hash": both(
                reader(HASHED, ""),
                add(secret("", data={"users.xml": UNKNOWN})),
            ),
        },
        companions_hide=True,
    ),
    Example(
        "ch-users",
        good=(config_map(AS_YAML, "roost.yaml"),),
        bad={
            "a password stands in the clear": instead(f"password_sha256_hex: {HASH}", "password: qwerty"),
            "from everywhere": instead('"127.0.0.1"', '"::/0"'),
            "the default user is as it came": instead('default: {"@remove": "remove"}', "default:"),
        }
        | {"the default user is as it came": Bad(instead('default: {"@remove": "remove"}', "default:"), 2)},
        open={"it is not YAML": instead("users:", "users: [")},
        decided=True,
    ),
    Example(
        "ch-users",
        good=(
            R(
                INSTALLATION,
                {
                    "metadata": {"name": "them"},
                    "spec": {
                        "configuration": {
                            "users": OPERATED,
                            "profiles": {"reading/readonly": 1},
                            "quotas": {"reading/interval/queries": 100},
                        }
                    },
                },
                name="them",
            ),
        ),
        bad={
            "the default user is as it came": both(
                operated(**{"default/networks/ip": None, "default/password_sha256_hex": None})
            ),
            "a password stands in the clear": operated(app_reader__password="qwerty"),
            "a password that the program keeps secret stands in the clear": operated(
                app_reader__password=Hidden("qwerty")
            ),
            "from everywhere": operated(app_reader__networks__ip="::/0"),
            "no quota": operated(app_reader__quota=None),
            "there are no users": drop("them", "spec.configuration.users"),
        },
        fine={
            "the password is in a Secret": operated(
                **{"app_reader/k8s_secret_password_sha256_hex": None},
                app_reader__password={"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            ),
        },
    ),
    Example(
        "ch-users",
        good=(config_map(document(GONE, WRITER), **{"app.kubernetes.io/name": "clickhouse"}),),
        bad={
            "an administrator of another name": now(GONE, ADMIN.replace("admin>", "root>")),
        },
        config={"admins": ["owner"]},
        open={"nothing of it is known": put("users", "data", UNKNOWN)},
    ),
)
