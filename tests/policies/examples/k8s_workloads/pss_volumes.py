"""What a pod may mount."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.pods import CRON_SPEC, SPEC, workloads
from tests.support.policies import UNKNOWN, both, put

GOOD = workloads()
VOLUMES = f"{SPEC}.volumes"
HOST = {"name": "host", "hostPath": {"path": "/var/log"}}
NFS = {"name": "files", "nfs": {"server": "10.0.0.1", "path": "/srv"}}
ALLOWED = [
    {"name": "a", "csi": {"driver": "secrets-store.csi.k8s.io"}},
    {"name": "b", "downwardAPI": {}},
    {"name": "c", "ephemeral": {"volumeClaimTemplate": {}}},
    {"name": "d", "image": {"reference": "registry.example.com/model"}},
    {"name": "e", "persistentVolumeClaim": {"claimName": "data"}},
    {"name": "f", "projected": {"sources": []}},
    {"name": "g", "secret": {"secretName": "s"}},
    {"name": "h"},
]

EXAMPLES = (
    Example(
        "pss-hostpathvolumes",
        good=GOOD,
        bad={
            "the last volume": put("it", f"{VOLUMES}[2]", HOST),
            "nothing is said of where": put("it", f"{VOLUMES}[0]", {"name": "tmp", "hostPath": {}}),
            "two of them": Bad(put("it", VOLUMES, [HOST, {**HOST, "name": "again"}]), 2),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.volumes[0]", HOST),
            "in a Pod, beside one that is unknown": put("pod", "spec.volumes", [UNKNOWN, HOST]),
        },
        fine={
            "null": put("it", f"{VOLUMES}[0].hostPath", None),
            "none": put("it", VOLUMES, []),
            "other kinds": put("it", VOLUMES, [*ALLOWED, NFS]),
        },
        open={
            "the list is unknown": put("it", VOLUMES, UNKNOWN),
            "one volume is": put("it", f"{VOLUMES}[2]", UNKNOWN),
        },
    ),
    Example(
        "pss-restrictedvolumes",
        good=GOOD,
        bad={
            "a share": put("it", f"{VOLUMES}[2]", NFS),
            "a path of the node": put("it", f"{VOLUMES}[0]", HOST),
            "a repository": put(
                "it", f"{VOLUMES}[1]", {"name": "r", "gitRepo": {"repository": "https://example.com"}}
            ),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.volumes[0]", NFS),
            "two of them": Bad(put("pod", "spec.volumes", [NFS, *ALLOWED, HOST]), 2),
            "a kind that nobody knows": put("it", f"{VOLUMES}[0]", {"name": "r", "newKind": {}}),
        },
        fine={
            "each kind that is allowed": put("it", VOLUMES, ALLOWED),
            "what is in one of them is unknown": put("it", f"{VOLUMES}[1].configMap", UNKNOWN),
        },
        open={"the list is unknown": put("it", VOLUMES, UNKNOWN)},
    ),
    Example(
        "pss-hostpathvolumes",
        config={"level": "baseline", "version": "v1.0"},
        good=GOOD,
        bad={
            "at the level baseline": both(put("it", f"{VOLUMES}[0]", HOST), put("it", f"{VOLUMES}[1]", NFS))
        },
        open={"one volume is unknown": put("it", f"{VOLUMES}[0]", UNKNOWN)},
    ),
)
