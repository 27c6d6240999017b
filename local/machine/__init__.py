"""The embedded Kubernetes node: one set of Linux namespaces with a real cluster in it."""

from local.machine.api import ComponentStatus, MachineFacts, import_images, start, status, stop

__all__ = ["ComponentStatus", "MachineFacts", "import_images", "start", "status", "stop"]
