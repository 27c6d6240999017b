"""The stack's own certificate authority and the edge's certificate."""

from __future__ import annotations

import ipaddress

import pulumi
import pulumi_tls as tls

from infra.settings.local import LocalEdgeSettings

HOURS_PER_DAY = 24
RENEW_BEFORE = 3
"""A certificate is renewed by an `up` in the last third of its life."""


class EdgeCertificate(pulumi.ComponentResource):
    """A CA that signs nothing but this edge, and a certificate for the names that people use.

    Its key never leaves the stack's encrypted state, and the edge gets only the certificate's own.
    """

    ca_certificate: pulumi.Output[str]
    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: LocalEdgeSettings,
        *,
        hosts: tuple[str, ...],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:local:EdgeCertificate", name, None, opts)
        self._settings = settings
        self._opts = pulumi.ResourceOptions(parent=self)
        ca_key = self._key("ca")
        authority = self._authority(ca_key)
        key = self._key("edge")
        signed = self._signed(key, ca_key, authority, hosts)
        self.ca_certificate = authority.cert_pem
        # The authority goes along, so that a client that trusts it needs nothing else to see the chain.
        self.certificate = pulumi.Output.concat(signed.cert_pem, authority.cert_pem)
        self.private_key = pulumi.Output.secret(key.private_key_pem_pkcs8)
        self.register_outputs({"caCertificate": self.ca_certificate})

    def _key(self, name: str) -> tls.PrivateKey:
        return tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=self._opts)

    def _authority(self, key: tls.PrivateKey) -> tls.SelfSignedCert:
        days = self._settings.certificate_authority_days
        return tls.SelfSignedCert(
            "ca",
            private_key_pem=key.private_key_pem,
            is_ca_certificate=True,
            set_subject_key_id=True,
            subject={"common_name": "Roost local CA", "organization": "Roost"},
            allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
            validity_period_hours=days * HOURS_PER_DAY,
            early_renewal_hours=days * HOURS_PER_DAY // RENEW_BEFORE,
            opts=self._opts,
        )

    def _signed(
        self,
        key: tls.PrivateKey,
        ca_key: tls.PrivateKey,
        authority: tls.SelfSignedCert,
        hosts: tuple[str, ...],
    ) -> tls.LocallySignedCert:
        names = [host for host in hosts if not is_address(host)]
        request = tls.CertRequest(
            "edge",
            private_key_pem=key.private_key_pem,
            subject={"common_name": names[0], "organization": "Roost"},
            dns_names=names,
            ip_addresses=[host for host in hosts if is_address(host)],
            opts=self._opts,
        )
        days = self._settings.certificate_days
        return tls.LocallySignedCert(
            "edge",
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=ca_key.private_key_pem,
            ca_cert_pem=authority.cert_pem,
            set_subject_key_id=True,
            allowed_uses=["digital_signature", "key_agreement", "server_auth"],
            validity_period_hours=days * HOURS_PER_DAY,
            early_renewal_hours=days * HOURS_PER_DAY // RENEW_BEFORE,
            opts=self._opts,
        )


def is_address(host: str) -> bool:
    """Whether a host is an IP address, which a certificate names differently."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
