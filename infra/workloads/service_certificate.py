"""An authority of a service's own, and the certificate that it shows to its clients in the cluster."""

from __future__ import annotations

import pulumi
import pulumi_tls as tls

_AUTHORITY_HOURS = 10 * 365 * 24
_CERTIFICATE_HOURS = 365 * 24
_RENEW_BEFORE = 2
"""Each is renewed by an `up` in the second half of its life."""


class ServiceCertificate(pulumi.ComponentResource):
    """Signed by an authority that outlives it: renewing a certificate rolls the service, not its clients."""

    def __init__(
        self,
        name: str,
        *,
        service: str,
        host: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:ServiceCertificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        ca_key = tls.PrivateKey(f"{name}-ca", algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        authority = tls.SelfSignedCert(
            f"{name}-ca",
            private_key_pem=ca_key.private_key_pem,
            is_ca_certificate=True,
            set_subject_key_id=True,
            subject={"common_name": f"Roost {service} CA", "organization": "Roost"},
            allowed_uses=["cert_signing", "digital_signature"],
            validity_period_hours=_AUTHORITY_HOURS,
            early_renewal_hours=_AUTHORITY_HOURS // _RENEW_BEFORE,
            opts=child,
        )
        key = tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            subject={"common_name": service, "organization": "Roost"},
            dns_names=[host],
            opts=child,
        )
        signed = tls.LocallySignedCert(
            name,
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=ca_key.private_key_pem,
            ca_cert_pem=authority.cert_pem,
            set_subject_key_id=True,
            allowed_uses=["digital_signature", "server_auth"],
            validity_period_hours=_CERTIFICATE_HOURS,
            early_renewal_hours=_CERTIFICATE_HOURS // _RENEW_BEFORE,
            opts=child,
        )
        self.authority: pulumi.Output[str] = authority.cert_pem
        self.certificate: pulumi.Output[str] = signed.cert_pem
        self.private_key: pulumi.Output[str] = pulumi.Output.secret(key.private_key_pem_pkcs8)
        self.register_outputs({"authority": self.authority})
