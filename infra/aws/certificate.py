"""The edge's certificate: a given one, or one that DNS proves to be ours."""

from __future__ import annotations

import pulumi
from pulumi_aws import acm, route53

from infra.options import Options
from infra.settings.aws_edge import AwsEdgeSettings


class Certificate(pulumi.ComponentResource):
    """`arn` is an issued certificate: whoever uses it waits for the validation."""

    def __init__(
        self,
        name: str,
        settings: AwsEdgeSettings,
        *,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Certificate", name, None, opts)
        self._name = name
        self._settings = settings
        self._options = options
        self.arn = self._given() or self._validated()
        self.register_outputs({"arn": self.arn})

    def _given(self) -> pulumi.Output[str] | None:
        arn = self._settings.certificate_arn
        return pulumi.Output.from_input(arn) if arn else None

    def _validated(self) -> pulumi.Output[str]:
        assert self._settings.zone_id is not None  # the settings ask for one of the two
        certificate = acm.Certificate(
            self._name,
            domain_name=self._settings.domain,
            validation_method="DNS",
            key_algorithm="EC_prime256v1",
            options=acm.CertificateOptionsArgs(certificate_transparency_logging_preference="ENABLED"),
            opts=self._options.child(self),
        )
        # One domain, so one proof: its position is known although its content is not.
        proof = certificate.domain_validation_options[0]
        record = route53.Record(
            f"{self._name}-proof",
            zone_id=self._settings.zone_id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=300,
            # The record of the same proof may be left from another stack or an earlier certificate.
            allow_overwrite=True,
            opts=self._options.child(self),
        )
        return acm.CertificateValidation(
            self._name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=self._options.certificate(self),
        ).certificate_arn
