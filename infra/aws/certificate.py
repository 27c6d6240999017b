"""The edge's certificate: a given one, or one that DNS proves to be ours."""

from __future__ import annotations

import pulumi
from pulumi_aws import acm, route53

from infra.options import Options
from infra.settings.aws_edge import AwsEdgeSettings


class Certificate(pulumi.ComponentResource):
    """`issued` is a certificate that a listener takes: whoever uses it waits for the validation.

    It is None where the settings say not to wait for the domain's delegation. The certificate and its proof
    are there all the same, so that it can be issued as soon as the delegation is.
    """

    def __init__(
        self,
        name: str,
        settings: AwsEdgeSettings,
        *,
        zone_id: pulumi.Input[str] | None,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Certificate", name, None, opts)
        self._name = name
        self._settings = settings
        self._options = options
        self.issued: pulumi.Output[str] | None
        self.arn: pulumi.Output[str]
        if settings.certificate_arn:
            self.arn = self.issued = pulumi.Output.from_input(settings.certificate_arn)
        else:
            assert zone_id is not None  # the settings ask for one of the two
            self.issued = self._proven(zone_id)
        self.register_outputs({"arn": self.issued})

    def _proven(self, zone_id: pulumi.Input[str]) -> pulumi.Output[str] | None:
        certificate = acm.Certificate(
            self._name,
            domain_name=self._settings.domain,
            validation_method="DNS",
            key_algorithm="EC_prime256v1",
            options=acm.CertificateOptionsArgs(certificate_transparency_logging_preference="ENABLED"),
            opts=self._options.child(self),
        )
        self.arn = certificate.arn
        # One domain, so one proof: its position is known although its content is not.
        proof = certificate.domain_validation_options[0]
        record = route53.Record(
            f"{self._name}-proof",
            zone_id=zone_id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=300,
            # The record of the same proof may be left from another stack or an earlier certificate.
            allow_overwrite=True,
            opts=self._options.child(self),
        )
        if self._settings.dns == "managed" and not self._settings.wait_for_certificate:
            return None
        return acm.CertificateValidation(
            self._name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=self._options.certificate(self),
        ).certificate_arn
