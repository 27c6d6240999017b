"""Where a rule comes from: controls of public frameworks, written shortly and shown in full."""

from __future__ import annotations

from dataclasses import dataclass

_SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide"
_POD_SECURITY = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"


@dataclass(frozen=True)
class Framework:
    """A public catalogue of controls; `label` is how documents call it."""

    label: str
    name: str
    version: str


_FRAMEWORKS = {
    "FSBP": Framework("FSBP", "AWS Foundational Security Best Practices", "1.0.0"),
    "CIS": Framework("CIS AWS", "CIS AWS Foundations Benchmark", "5.0.0"),
    "CISEKS": Framework("CIS EKS", "CIS Amazon EKS Benchmark", "1.7.0"),
    "CKV": Framework("Checkov", "Checkov", "3"),
    "NSA": Framework("NSA", "NSA-CISA Kubernetes Hardening Guidance (Kubescape)", "1.2"),
    "PSS": Framework("PSS", "Kubernetes Pod Security Standards", "1.36"),
    "SLSA": Framework("SLSA", "Supply-chain Levels for Software Artifacts", "1.0"),
    "DOC": Framework("guide", "The vendor's own hardening guide", ""),
}


@dataclass(frozen=True)
class Reference:
    """One control."""

    framework: Framework
    control: str

    def __str__(self) -> str:
        if self.framework.label == "Checkov":
            return f"CKV{self.control}" if self.control[:1].isdigit() else f"CKV_{self.control}"
        return f"{self.framework.label} {self.control}"

    @property
    def url(self) -> str:
        """The control's page; empty where there is none without a login."""
        if self.framework.label == "FSBP":
            service, _, number = self.control.lower().partition(".")
            return f"{_SECURITY_HUB}/{service}-controls.html#{service}-{number}"
        return _POD_SECURITY if self.framework.label == "PSS" else ""


def references(text: str) -> tuple[Reference, ...]:
    """Read `"FSBP RDS.2, CIS 2.2.3, CKV AWS_17"`.

    Frameworks: FSBP, CIS (AWS 5.0), CISEKS (1.7), CKV (`AWS_17`, `2_AWS_11`, `K8S_16`), NSA (Kubescape's
    `C-0057`), PSS, SLSA, DOC.

    Raises:
        ValueError: an entry names no framework that is known here.
    """
    found: list[Reference] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        framework, _, control = entry.partition(" ")
        if framework not in _FRAMEWORKS or not control:
            raise ValueError(f"{entry!r} is not `<framework> <control>` with one of {', '.join(_FRAMEWORKS)}")
        found.append(Reference(_FRAMEWORKS[framework], control))
    return tuple(found)
