"""What can go wrong between us and the API server, and how it reads."""

from __future__ import annotations

import re

from local.plugins.kubernetes.objects import Object, dig

# 422 answers whose field can only be changed by a new object. The wordings are those of Kubernetes' own
# validation, plus "immutable", which CRD authors use in their rules.
_IMMUTABLE = re.compile(
    r"immutable"
    r"|may not (?:be )?changed?\b"
    r"|cannot (?:be )?changed?\b"
    r"|updates to .* are forbidden"
    r"|(?:updates to .*|may not change) fields other than",
    re.IGNORECASE,
)


class ClusterUnreachableError(Exception):
    """No API server answered, or we have no usable kubeconfig."""


class NoSuchKindError(Exception):
    """The API server does not serve this kind (for a custom resource: its definition is missing)."""


class CancelledError(Exception):
    """The user interrupted the operation while we waited."""

    def __init__(self) -> None:
        super().__init__("The operation was cancelled while waiting.")


class OperationError(Exception):
    """An operation that cannot succeed as asked; the message is the whole explanation."""


class ApiError(Exception):
    """The API server's refusal: a Status object with an HTTP code."""

    def __init__(self, code: int, status: Object) -> None:
        self.code = code
        self.status = status
        self.reason = str(status.get("reason") or "")
        super().__init__(str(status.get("message") or f"HTTP {code}"))

    @property
    def causes(self) -> list[Object]:
        """The fields that were refused: `field`, `reason` and `message` each."""
        return dig(self.status, "details", "causes", default=[])

    @property
    def not_found(self) -> bool:
        return self.code == 404

    @property
    def depends_on_others(self) -> bool:
        """Whether the refusal may be gone once other objects exist: namespaces, roles, webhooks' servers."""
        return self.code in (403, 404, 503, 504) or "failed calling webhook" in str(self)

    @property
    def field_conflicts(self) -> list[tuple[str, str]]:
        """(manager, field) pairs of a server-side apply conflict."""
        found: list[tuple[str, str]] = []
        for cause in self.causes:
            if cause.get("reason") == "FieldManagerConflict":
                manager = re.search(r'conflict with "([^"]+)"', str(cause.get("message", "")))
                found.append((manager.group(1) if manager else "another manager", str(cause.get("field"))))
        return found

    def immutable_fields(self) -> list[str] | None:
        """The fields that only a new object can change; None if the refusal has another reason."""
        if self.code != 422:
            return None
        immutable = [cause for cause in self.causes if _IMMUTABLE.search(str(cause.get("message", "")))]
        # Anything else that is wrong would be wrong with the replacement too: let it be reported.
        if not immutable or len(immutable) < len(self.causes):
            return None
        return [str(cause.get("field", "")) for cause in immutable]


def conflict_sentence(what: str, error: ApiError) -> str:
    """Who else owns the fields, and the ways out."""
    fields = "; ".join(f"{field} is managed by {manager!r}" for manager, field in error.field_conflicts)
    return (
        f"{what}: server-side apply conflict: {fields}. Remove the field from the program (or list it in "
        "`ignore_changes`) to leave it to that manager, or set the annotation `pulumi.com/patchForce: "
        '"true"` on the resource to take it over.'
    )
