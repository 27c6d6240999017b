"""Route 53: ids of hosted zones begin with Z, as AWS's do and as the stack's settings want them."""

from __future__ import annotations

from moto.route53 import models


def install() -> None:
    """Once for the process."""
    draw = models.HostedZoneIdentifier.generate

    def generate(self: models.HostedZoneIdentifier, *args: object, **kwargs: object) -> str:
        drawn: str = draw(self, *args, **kwargs)  # pyright: ignore[reportArgumentType]
        return f"Z{drawn[1:]}"

    models.HostedZoneIdentifier.generate = generate  # pyright: ignore[reportAttributeAccessIssue]
