"""The certificate with which the controller's webhook answers the API server."""

from __future__ import annotations

import base64

import pulumi
import pulumi_kubernetes as k8s
import pulumi_tls as tls

from infra.aws.controller_pod import SERVICE, WORKLOAD
from infra.workloads.labels import labels

KUBE_SYSTEM = "kube-system"
VALID_HOURS = 2 * 365 * 24
RENEW_HOURS = VALID_HOURS // 2


class WebhookCertificate(pulumi.ComponentResource):
    """Self-signed for the webhook's Service; an `up` in the second half of its two years renews it."""

    def __init__(
        self, name: str, *, provider: k8s.Provider, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("roost:aws:WebhookCertificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        host = f"{SERVICE}.{KUBE_SYSTEM}.svc"
        certificate = tls.SelfSignedCert(
            name,
            private_key_pem=key.private_key_pem,
            subject={"common_name": host, "organization": "Roost"},
            dns_names=[host, f"{host}.cluster.local"],
            allowed_uses=["digital_signature", "server_auth", "cert_signing"],
            is_ca_certificate=True,
            validity_period_hours=VALID_HOURS,
            early_renewal_hours=RENEW_HOURS,
            opts=child,
        )
        # Autonamed and immutable: a renewed certificate is a new Secret, which rolls the pods that mount it.
        self.secret = k8s.core.v1.Secret(
            name,
            metadata={"namespace": KUBE_SYSTEM, "labels": labels(WORKLOAD)},
            type="kubernetes.io/tls",
            immutable=True,
            string_data={
                "tls.crt": certificate.cert_pem,
                "tls.key": pulumi.Output.secret(key.private_key_pem_pkcs8),
            },
            opts=pulumi.ResourceOptions(parent=self, provider=provider),
        )
        self.ca_bundle = certificate.cert_pem.apply(lambda pem: base64.b64encode(pem.encode()).decode())
        self.register_outputs({})
