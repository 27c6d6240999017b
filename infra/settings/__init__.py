"""Settings: defaults of a profile, the stack's own values over them, checked before any resource."""

from infra.settings.build import build
from infra.settings.errors import SettingsError
from infra.settings.settings import Settings

__all__ = ["Settings", "SettingsError", "build"]
