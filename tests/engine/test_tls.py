"""The tls plugin, through the real engine and on its own."""

from __future__ import annotations

import base64
import datetime
import hashlib
import socket
import ssl
import threading
from collections.abc import Generator
from pathlib import Path
from typing import cast

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
from cryptography.x509.oid import NameOID

from local.plugins.base.values import UNKNOWN, Secret, Value, plain_map
from tests.engine.served import Served, serving
from tests.engine.workspace import Project

KEY = "tls:index/privateKey:PrivateKey"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
REQUEST = "tls:index/certRequest:CertRequest"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"

_PROGRAM = """
import pulumi
import pulumi_tls as tls

def key(name):
    return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256")

ca_key, key = key("ca-key"), key("key")
ca = tls.SelfSignedCert(
    "ca", private_key_pem=ca_key.private_key_pem, is_ca_certificate=True, validity_period_hours=8760,
    early_renewal_hours={early}, allowed_uses=["cert_signing", "crl_signing"],
    subject=tls.SelfSignedCertSubjectArgs(common_name="Test CA", organization="Tests"))
request = tls.CertRequest(
    "request", private_key_pem=key.private_key_pem, dns_names={names}, ip_addresses=["127.0.0.1"],
    subject=tls.CertRequestSubjectArgs(common_name="localhost"))
certificate = tls.LocallySignedCert(
    "certificate", ca_cert_pem=ca.cert_pem, ca_private_key_pem=ca_key.private_key_pem,
    cert_request_pem=request.cert_request_pem, validity_period_hours=24,
    allowed_uses=["server_auth", "digital_signature"])
pulumi.export("ca", ca.cert_pem)
pulumi.export("certificate", certificate.cert_pem)
pulumi.export("key", key.private_key_pem)
pulumi.export("caKey", ca_key.private_key_pem)
"""


@pytest.fixture(scope="module")
def plugin() -> Generator[Served]:
    with serving("local.plugins.tls") as served:
        yield served


def test_a_chain_that_clients_verify(tiny: Project, tmp_path: Path) -> None:
    tiny.program(_PROGRAM.format(early=24, names=["localhost"]))
    said = tiny.up()
    first = tiny.outputs()
    _handshake(tmp_path, first, "localhost")
    exported = tiny.exported()
    for name in ("key", "caKey"):
        assert _body(first[name]) not in exported, "a private key must be encrypted in the state"
        assert _body(first[name]) not in said
    assert first["ca"].splitlines()[1] in exported, "a certificate is no secret"

    assert "6 unchanged" in tiny.up()
    tiny.run("refresh", "--yes")
    assert "6 unchanged" in tiny.up()

    # Another name: the request and what is signed from it are new, the authority is not.
    tiny.program(_PROGRAM.format(early=24, names=["localhost", "roost.test"]))
    assert "2 replaced" in tiny.up()
    second = tiny.outputs()
    assert second["ca"] == first["ca"]
    _handshake(tmp_path, second, "roost.test")

    # Only when to renew: nothing is made again.
    tiny.program(_PROGRAM.format(early=48, names=["localhost", "roost.test"]))
    assert "1 updated" in tiny.up()
    assert tiny.outputs() == second

    # Renewal due now: the authority is made again, and with it what it signed.
    tiny.program(_PROGRAM.format(early=8760, names=["localhost", "roost.test"]))
    assert "2 replaced" in tiny.up()
    third = tiny.outputs()
    assert third["ca"] != second["ca"]
    assert third["caKey"] == second["caKey"]
    _handshake(tmp_path, third, "localhost")


def _body(pem: str) -> str:
    return pem.splitlines()[1]


def _handshake(directory: Path, outputs: dict[str, str], name: str) -> None:
    """A TLS connection in which the client trusts only the authority and expects `name`."""
    (directory / "certificate.pem").write_text(outputs["certificate"])
    (directory / "key.pem").write_text(outputs["key"])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
    client = ssl.create_default_context(cadata=outputs["ca"])
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()
    thread = threading.Thread(target=lambda: server.wrap_socket(far, server_side=True).close())
    thread.start()
    with client.wrap_socket(near, server_hostname=name) as connection:
        connection.recv(1)
    thread.join(10)


@pytest.mark.parametrize(
    ("inputs", "kind", "header"),
    [
        ({"algorithm": "RSA"}, rsa.RSAPrivateKey, "RSA PRIVATE KEY"),
        ({"algorithm": "ECDSA"}, ec.EllipticCurvePrivateKey, "EC PRIVATE KEY"),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P384"}, ec.EllipticCurvePrivateKey, "EC PRIVATE KEY"),
        ({"algorithm": "ED25519"}, ed25519.Ed25519PrivateKey, "PRIVATE KEY"),
    ],
)
def test_a_key_in_every_form(plugin: Served, inputs: dict[str, Value], kind: type, header: str) -> None:
    made = plugin.create(KEY, **inputs)
    assert all(
        isinstance(made[name], Secret)
        for name in ("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh")
    )
    known = {name: cast("str", value) for name, value in plain_map(made).items()}
    assert known["privateKeyPem"].startswith(f"-----BEGIN {header}-----\n")
    key = load_pem_private_key(known["privateKeyPem"].encode(), None)
    assert isinstance(key, kind)
    other = load_pem_private_key(known["privateKeyPemPkcs8"].encode(), None)
    assert other.public_key() == key.public_key()
    if known["publicKeyOpenssh"]:
        openssh = load_ssh_private_key(known["privateKeyOpenssh"].encode(), None)
        assert openssh.public_key() == key.public_key()
        assert known["publicKeyFingerprintSha256"] == _fingerprint(known["publicKeyOpenssh"])
    else:
        assert made["ecdsaCurve"] == "P224", "OpenSSH knows every other one"


def _fingerprint(line: str) -> str:
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _authority(plugin: Served, **more: Value) -> tuple[str, str]:
    key = cast("str", plain_map(plugin.create(KEY, algorithm="ED25519"))["privateKeyPem"])
    inputs: dict[str, Value] = {
        "privateKeyPem": Secret(key),
        "isCaCertificate": True,
        "validityPeriodHours": 10,
        "allowedUses": ["cert_signing"],
        "subject": {"commonName": "CA", "country": "DE", "streetAddresses": ["One", "Two"]},
        **more,
    }
    assert plugin.problems(SELF_SIGNED, **inputs) == []
    return key, cast("str", plugin.create(SELF_SIGNED, **inputs)["certPem"])


def test_what_a_certificate_says(plugin: Served) -> None:
    ca_key, ca = _authority(plugin, maxPathLength=0, setAuthorityKeyId=True)
    authority = x509.load_pem_x509_certificate(ca.encode())
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(
        ca=True, path_length=0
    )
    assert [a.value for a in authority.subject.get_attributes_for_oid(NameOID.STREET_ADDRESS)] == [
        "One",
        "Two",
    ]
    authority.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)

    key = cast("str", plain_map(plugin.create(KEY, algorithm="RSA"))["privateKeyPem"])
    request = plugin.create(
        REQUEST, privateKeyPem=key, dnsNames=["a.test"], ipAddresses=["::1"], uris=["spiffe://a/b"]
    )
    assert request["keyAlgorithm"] == "RSA"
    made = plugin.create(
        SIGNED,
        caCertPem=ca,
        caPrivateKeyPem=ca_key,
        certRequestPem=request["certRequestPem"],
        validityPeriodHours=2,
        allowedUses=["client_auth", "key_encipherment"],
        setSubjectKeyId=True,
    )
    assert made["caKeyAlgorithm"] == "ED25519"
    certificate = x509.load_pem_x509_certificate(cast("str", made["certPem"]).encode())
    certificate.verify_directly_issued_by(authority)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == datetime.timedelta(hours=2)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical, "there is no subject, so the names are all there is"
    assert names.value.get_values_for_type(x509.DNSName) == ["a.test"]
    assert [str(address) for address in names.value.get_values_for_type(x509.IPAddress)] == ["::1"]
    assert made["validityEndTime"] == certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_expired_certificate_is_replaced_and_refresh_shows_it(plugin: Served) -> None:
    inputs: dict[str, Value] = {"validityPeriodHours": 10, "allowedUses": [], "privateKeyPem": "x"}
    past = {**inputs, "validityEndTime": "2020-01-01T00:00:00Z", "earlyRenewalHours": 0}
    assert plugin.diff(SELF_SIGNED, inputs, inputs, past) == (["readyForRenewal"], ["readyForRenewal"])
    soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    current = {**inputs, "validityEndTime": soon, "earlyRenewalHours": 0}
    assert plugin.diff(SELF_SIGNED, inputs, inputs, current) == ([], [])
    assert plugin.diff(SELF_SIGNED, inputs, {**inputs, "earlyRenewalHours": 6}, current)[1] == [
        "readyForRenewal"
    ]


@pytest.mark.parametrize(
    ("type_name", "inputs", "reason"),
    [
        (KEY, {"algorithm": "DSA"}, "algorithm must be one of RSA, ECDSA, ED25519"),
        (KEY, {"algorithm": "RSA", "rsaBits": 512}, "rsaBits must be at least 1024, not 512"),
        (REQUEST, {}, "give exactly one of privateKeyPem and privateKeyPemWo"),
        (REQUEST, {"privateKeyPem": "x", "ipAddresses": ["host"]}, "host is not an IP address"),
        (REQUEST, {"privateKeyPem": "x", "subject": {"comonName": "x"}}, "did you mean commonName?"),
        (
            SELF_SIGNED,
            {"privateKeyPem": "x", "validityPeriodHours": 1, "allowedUses": ["signing"]},
            "'signing' is not a key usage",
        ),
    ],
)
def test_wrong_inputs_are_explained(
    plugin: Served, type_name: str, inputs: dict[str, Value], reason: str
) -> None:
    [problem] = plugin.problems(type_name, **inputs)
    assert reason in problem


def test_a_key_that_cannot_be_read_is_never_shown(plugin: Served) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        plugin.create(REQUEST, privateKeyPem="-----BEGIN PRIVATE KEY-----\nsecret-text")
    assert "privateKeyPem is not an unencrypted private key in PEM format" in str(caught.value)
    assert "secret-text" not in str(caught.value)


def test_a_key_of_another_authority_is_refused(plugin: Served) -> None:
    _, ca = _authority(plugin)
    other, _ = _authority(plugin)
    request = plugin.create(REQUEST, privateKeyPem=other, dnsNames=["a.test"])["certRequestPem"]
    with pytest.raises(grpc.RpcError, match="caPrivateKeyPem is not the key of the certificate in caCertPem"):
        plugin.create(
            SIGNED,
            caCertPem=ca,
            caPrivateKeyPem=other,
            certRequestPem=request,
            validityPeriodHours=1,
            allowedUses=[],
        )


def test_a_write_only_key_is_not_kept(plugin: Served) -> None:
    key = cast("str", plain_map(plugin.create(KEY, algorithm="ED25519"))["privateKeyPem"])
    inputs: dict[str, Value] = {
        "privateKeyPemWo": Secret(key),
        "privateKeyPemWoVersion": 1,
        "validityPeriodHours": 1,
        "allowedUses": ["server_auth"],
    }
    assert plugin.problems(SELF_SIGNED, **inputs) == []
    made = plugin.create(SELF_SIGNED, **inputs)
    assert "privateKeyPemWo" not in made
    assert cast("str", made["certPem"]).startswith("-----BEGIN CERTIFICATE-----")
    assert plugin.diff(SELF_SIGNED, inputs, {**inputs, "privateKeyPemWo": "another"}) == ([], [])
    newer = {**inputs, "privateKeyPemWoVersion": 2}
    assert plugin.diff(SELF_SIGNED, inputs, newer)[1] == ["privateKeyPemWoVersion"]


def test_a_first_preview_with_unknown_inputs_passes(plugin: Served) -> None:
    inputs: dict[str, Value] = {
        "caCertPem": UNKNOWN,
        "caPrivateKeyPem": Secret(UNKNOWN),
        "certRequestPem": UNKNOWN,
        "validityPeriodHours": 24,
        "allowedUses": ["server_auth"],
    }
    assert plugin.problems(SIGNED, **inputs) == []
    assert plugin.create(SIGNED, preview=True, **inputs)["certPem"] is UNKNOWN
