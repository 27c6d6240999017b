"""What must be known about built-in kinds when no API server can be asked."""

from __future__ import annotations

from local.plugins.kubernetes.objects import Kind

_CLUSTER_SCOPED: dict[str, frozenset[str]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume", "ComponentStatus"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "authentication.k8s.io": frozenset({"TokenReview", "SelfSubjectReview"}),
    "authorization.k8s.io": frozenset(
        {"SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"}
    ),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "internal.apiserver.k8s.io": frozenset({"StorageVersion"}),
    "networking.k8s.io": frozenset({"IngressClass", "IPAddress", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "DeviceTaintRule", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset(
        {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}
    ),
    "storagemigration.k8s.io": frozenset({"StorageVersionMigration"}),
}

# Changes that the API server would refuse, for previews that cannot ask it.
_IMMUTABLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completions", "spec.selector", "spec.template"),
    ("", "PersistentVolume"): ("spec.csi", "spec.hostPath", "spec.local", "spec.nfs", "spec.nodeAffinity"),
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeMode",
        "spec.volumeName",
    ),
    ("", "Service"): ("spec.clusterIP",),
    ("", "Secret"): ("type",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("scheduling.k8s.io", "PriorityClass"): ("preemptionPolicy", "value"),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
}


def cluster_scoped(kind: Kind) -> bool | None:
    """Whether a kind lives outside namespaces; None if only the API server can tell (custom resources)."""
    if kind.name in _CLUSTER_SCOPED.get(kind.group, frozenset[str]()):
        return True
    return False if kind.built_in else None


def immutable_fields(kind: Kind) -> tuple[str, ...]:
    """Dotted paths under which a change needs a new object."""
    return _IMMUTABLE.get((kind.group, kind.name), ())


def keeps_data(kind: Kind) -> tuple[str, ...]:
    """Paths that never make a new object, even if the API server refuses the change.

    A claim that cannot grow is an error for a person to solve: a new claim would be an empty volume.
    """
    return ("spec.resources",) if (kind.group, kind.name) == ("", "PersistentVolumeClaim") else ()


def policy_fields(kind: Kind, *, config_map_mutable: bool, secret_mutable: bool) -> tuple[str, ...]:
    """Paths whose change replaces the object although the API server would allow it.

    The official provider replaces ConfigMaps and Secrets whose data changes, so that what mounts an
    autonamed one rolls out.
    """
    if kind.group == "" and kind.name == "ConfigMap" and not config_map_mutable:
        return ("data", "binaryData")
    if kind.group == "" and kind.name == "Secret" and not secret_mutable:
        return ("data", "stringData")
    return ()
