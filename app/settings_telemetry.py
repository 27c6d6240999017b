"""Settings of traces and of the event loop's watchdog."""

from __future__ import annotations

from urllib.parse import unquote

from pydantic import Field, SecretStr, field_validator

from app.settings_base import Environment


class TelemetrySettings(Environment):
    """Where spans go, under OpenTelemetry's own names, and when a server that hangs is not ready."""

    otlp_endpoint: str | None = Field(
        default=None,
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        pattern=r"^https?://[^\s/]+(/\S*)?$",
        description="A collector of OTLP over HTTP, as `http://host:4318`; absent, no spans are sent.",
    )
    otlp_headers: SecretStr | None = Field(
        default=None,
        alias="OTEL_EXPORTER_OTLP_HEADERS",
        description="Headers for the collector, as `name=value,name=value`, values percent-encoded.",
    )
    service_name: str = Field(
        default="letta-server",
        alias="OTEL_SERVICE_NAME",
        min_length=1,
        description="What the spans call this server.",
    )
    resource: str = Field(
        default="",
        alias="OTEL_RESOURCE_ATTRIBUTES",
        description="What the spans say of this server besides, as `deployment.environment=prod,…`.",
    )
    stalled_seconds: float = Field(
        default=5,
        alias="ROOST_EVENT_LOOP_STALLED_SECONDS",
        gt=0,
        le=300,
        description="An event loop that did not turn for so long makes the server not ready.",
    )
    recovered_seconds: float = Field(
        default=15,
        alias="ROOST_EVENT_LOOP_RECOVERED_SECONDS",
        ge=0,
        le=3600,
        description="How long the event loop has to turn again until the server is ready again.",
    )

    @field_validator("resource", "otlp_headers")
    @classmethod
    def _are_pairs(cls, given: SecretStr | str | None) -> SecretStr | str | None:
        _pairs(given)
        return given

    def headers_of_collector(self) -> dict[str, str]:
        """The headers, by name."""
        return _pairs(self.otlp_headers)

    def resource_attributes(self) -> dict[str, str]:
        """Who the spans are of."""
        return {**_pairs(self.resource), "service.name": self.service_name}


def _pairs(given: SecretStr | str | None) -> dict[str, str]:
    text = given.get_secret_value() if isinstance(given, SecretStr) else given or ""
    found: dict[str, str] = {}
    for pair in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise ValueError("it is not a list of `name=value`, separated by commas")
        found[name.strip()] = unquote(value.strip())
    return found
