"""What the pack ops-dr-cost notices about the migration."""

from __future__ import annotations

from infra.naming import migration_job
from infra.workloads.revision import head_revision
from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import drop, options, put

MIGRATE = f"kubernetes:batch/v1:Job::{migration_job(head_revision())}"
SERVER = "kubernetes:apps/v1:Deployment::server"
SPEC = "spec.template.spec"

MUTANTS = (
    *each(
        "the migration is not safe",
        [
            ("many retries", put(MIGRATE, "spec.backoffLimit", 10)),
            ("retries as Kubernetes likes", drop(MIGRATE, "spec.backoffLimit")),
            ("no deadline", drop(MIGRATE, "spec.activeDeadlineSeconds")),
            ("it vanishes", put(MIGRATE, "spec.ttlSecondsAfterFinished", 3600)),
            ("its pod is restarted", put(MIGRATE, f"{SPEC}.restartPolicy", "OnFailure")),
            ("the same name for ever", put(MIGRATE, "metadata.name", "migrate")),
            ("nobody waits for it", put(MIGRATE, "metadata.annotations", {"pulumi.com/skipAwait": "true"})),
            ("the server's account", put(MIGRATE, f"{SPEC}.serviceAccountName", "server")),
            ("the server does not wait", options(SERVER, after=())),
        ],
        "mig-job-safe",
    ),
    mutant("locally, the server does not wait", options(SERVER, after=()), "mig-job-safe", stack="local"),
)
