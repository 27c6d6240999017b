"""The embedded Kubernetes node: one set of Linux namespaces with a real cluster in it."""

from local.machine.api import PACKAGES, ComponentStatus, MachineFacts, import_images, start, status, stop

__all__ = ["PACKAGES", "ComponentStatus", "MachineFacts", "import_images", "start", "status", "stop"]
