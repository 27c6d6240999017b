"""The machine's certificates: three authorities and one short-lived leaf per component.

Authorities live ten years because replacing one invalidates every kubeconfig; leaves live one year and are
renewed at the start of the machine when less than thirty days remain. Private keys never leave `pki/`
(mode 0700) but for the kubeconfigs that embed them.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.machine.files import write_private
from local.machine.layout import CLUSTER_DOMAIN, NODE_NAME, Addresses, Layout

AUTHORITY_LIFETIME = dt.timedelta(days=3650)
LEAF_LIFETIME = dt.timedelta(days=365)
RENEW_BEFORE = dt.timedelta(days=30)


@dataclass(frozen=True)
class Leaf:
    """One certificate to issue: who it names, who signs it, and what it may be used for."""

    name: str
    authority: str
    common_name: str
    organization: str | None = None
    hosts: tuple[str, ...] = ()
    """DNS names and IP addresses; a leaf with hosts may serve."""
    client: bool = True


def leaves(addresses: Addresses) -> list[Leaf]:
    """Every leaf of the machine. Usernames and groups are those Kubernetes' built-in roles expect."""
    api_hosts = (
        addresses.node,
        addresses.api_service,
        "127.0.0.1",
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        f"kubernetes.default.svc.{CLUSTER_DOMAIN}",
    )
    return [
        Leaf("apiserver", "cluster", "kube-apiserver", hosts=api_hosts, client=False),
        # kubelet accepts the API server by this group; kubeadm names it the same way.
        Leaf("apiserver-kubelet", "cluster", "kube-apiserver-kubelet-client", "system:masters"),
        Leaf(
            "kubelet",
            "cluster",
            f"system:node:{NODE_NAME}",
            "system:nodes",
            hosts=(addresses.node, NODE_NAME),
        ),
        Leaf("controller-manager", "cluster", "system:kube-controller-manager"),
        Leaf("scheduler", "cluster", "system:kube-scheduler"),
        Leaf("kube-proxy", "cluster", "system:kube-proxy"),
        Leaf("kube-router", "cluster", "roost:kube-router"),
        Leaf("admin", "cluster", "roost-admin", "system:masters"),
        Leaf("front-proxy", "front-proxy", "front-proxy-client"),
        Leaf("etcd", "etcd", "etcd", hosts=("127.0.0.1", "localhost")),
        Leaf("apiserver-etcd", "etcd", "kube-apiserver-etcd-client"),
    ]


AUTHORITIES = ("cluster", "front-proxy", "etcd")


def ensure(layout: Layout, addresses: Addresses) -> None:
    """Create what is missing, renew what is about to expire or names the wrong hosts."""
    for name in AUTHORITIES:
        if not _valid(layout.pki / f"{name}-ca.crt", RENEW_BEFORE):
            _write_authority(layout.pki, name)
    service_key = layout.pki / "service-accounts.key"
    if not service_key.exists():
        write_private(service_key, _key_pem(ec.generate_private_key(ec.SECP256R1())))
    write_private(layout.pki / "service-accounts.pub", _public_pem(_load_key(service_key)))
    for leaf in leaves(addresses):
        if not _leaf_current(layout.pki, leaf):
            _write_leaf(layout.pki, leaf)


def _valid(path: Path, margin: dt.timedelta) -> bool:
    if not path.exists() or not path.with_suffix(".key").exists():
        return False
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        return False  # cut short by a full disk, say: as good as none
    return certificate.not_valid_after_utc - dt.datetime.now(dt.UTC) > margin


def _leaf_current(pki: Path, leaf: Leaf) -> bool:
    path = pki / f"{leaf.name}.crt"
    if not _valid(path, RENEW_BEFORE):
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    authority = x509.load_pem_x509_certificate((pki / f"{leaf.authority}-ca.crt").read_bytes())
    if certificate.issuer != authority.subject:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001  any doubt about the signature means: issue a new one
        return False
    return _hosts_of(certificate) == set(leaf.hosts)


def _hosts_of(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    ips = {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}
    return ips | set(names.get_values_for_type(x509.DNSName))


def _write_authority(pki: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    # A serial in the name, so that a renewed authority is never mistaken for its predecessor.
    common_name = f"roost {name} CA {x509.random_serial_number():x}"[:40]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = _builder(subject, subject, key.public_key(), AUTHORITY_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs=True), critical=True)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    _write_pair(pki / f"{name}-ca.crt", builder.sign(key, hashes.SHA256()), key)


def _write_leaf(pki: Path, leaf: Leaf) -> None:
    authority = x509.load_pem_x509_certificate((pki / f"{leaf.authority}-ca.crt").read_bytes())
    signer = _load_key(pki / f"{leaf.authority}-ca.key")
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)]
    if leaf.organization:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH] if leaf.client else []
    if leaf.hosts:
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
    builder = _builder(x509.Name(names), authority.subject, key.public_key(), LEAF_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if leaf.hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in leaf.hosts]), critical=False
        )
    _write_pair(pki / f"{leaf.name}.crt", builder.sign(signer, hashes.SHA256()), key)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, lifetime: dt.timedelta
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        # Five minutes back, for a clock that was set between two starts.
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_pair(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    write_private(path.with_suffix(".key"), _key_pem(key))
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM))
