"""Real programs: the unchanged SDK, the real engine and language host, our plugin, a real API server."""

from __future__ import annotations

import json

from tests.engine.kubernetes.harness import Cluster, Project, later

PROGRAM = """
    config = k8s.core.v1.ConfigMap("settings", data={"colour": pulumi.Config().require("colour")}, opts=to)
    secret = k8s.core.v1.Secret(
        "login", string_data={"password": pulumi.Config().require_secret("password")}, opts=to
    )
    k8s.core.v1.Service(
        "web",
        metadata={"name": "web"},
        spec={"selector": {"app": "web"}, "ports": [{"port": 80}]},
        opts=pulumi.ResourceOptions(provider=cluster, depends_on=[secret]),
    )
    k8s.apps.v1.Deployment(
        "web",
        metadata={"name": "web", "annotations": {"pulumi.com/skipAwait": "true"}},
        spec={
            "selector": {"match_labels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "image": "example.com/web:1",
                            "env_from": [{"config_map_ref": {"name": config.metadata.name}}],
                        }
                    ]
                },
            },
        },
        opts=to,
    )
    pulumi.export("name", config.metadata.name)
"""


def test_a_stack_goes_up_stays_changes_refreshes_and_goes(
    project: Project, cluster: Cluster, namespace: str
) -> None:
    project.write(PROGRAM.replace('metadata={"name": "web"},', _SKIP, 1))
    project.config(colour="red")
    project.run("config", "set", "--secret", "password", "correct horse battery")

    previewed = project.run("preview")
    assert "+ 6 to create" in previewed
    diagnostics = previewed.partition("Diagnostics:")[2]
    assert diagnostics.count("kubernetes: Roost's fallback plugin is in use") == 1

    up = project.up()
    assert "+ 6 created" in up
    first = project.run("stack", "output", "name").strip()
    assert first.startswith("settings-")
    assert cluster.get("cm", first, namespace)["data"] == {"colour": "red"}
    assert "correct horse" not in project.raw_state()
    assert "Y29ycmVjdCBob3Jz" not in project.raw_state()  # nor in base64

    assert "6 unchanged" in project.up("--expect-no-changes")
    assert "6 unchanged" in project.run("refresh", "--yes", "--expect-no-changes")

    # The autonamed ConfigMap is replaced, and what mounts it rolls out with the new name.
    project.config(colour="blue")
    changed = project.up("--diff")
    assert "+-1 replaced" in changed
    assert "~ 1 updated" in changed
    second = project.run("stack", "output", "name").strip()
    assert second != first
    assert first not in cluster.kubectl("get", "configmaps", "-n", namespace)
    deployment = json.dumps(cluster.get("deployment", "web", namespace))
    assert second in deployment

    cluster.kubectl("scale", "deployment/web", "-n", namespace, "--replicas=3")
    cluster.kubectl("delete", "service", "web", "-n", namespace)
    refreshed = project.run("refresh", "--yes")
    assert "- 1 deleted" in refreshed
    assert "+ 1 created" in project.up()
    # The program never said how many replicas; whoever scales keeps that.
    assert cluster.get("deployment", "web", namespace)["spec"]["replicas"] == 3

    project.run("destroy", "--yes")
    # It was annotated with skipAwait, so its deletion was not awaited either.
    cluster.kubectl("wait", "--for=delete", "deployment/web", "-n", namespace, "--timeout=20s")
    left = cluster.kubectl("get", "deployments,services,secrets,configmaps", "-n", namespace, "-o", "name")
    assert left.split() == ["configmap/kube-root-ca.crt"]


_SKIP = 'metadata={"name": "web", "annotations": {"pulumi.com/skipAwait": "true"}},'

JOB = """
    job = k8s.batch.v1.Job(
        "migrate",
        metadata={"name": "migrate", "annotations": {"pulumi.com/replaceUnready": "true"}},
        spec={
            "backoff_limit": 0,
            "template": {
                "spec": {"restart_policy": "Never", "containers": [{"name": "migrate", "image": "x"}]}
            },
        },
        opts=pulumi.ResourceOptions(provider=cluster, custom_timeouts=pulumi.CustomTimeouts(create="40s")),
    )
    k8s.core.v1.ConfigMap("after", opts=pulumi.ResourceOptions(provider=cluster, depends_on=[job]))
"""


def test_a_failed_job_is_recorded_explained_and_repaired_by_the_next_up(
    project: Project, cluster: Cluster, namespace: str
) -> None:
    project.write(JOB)
    message = 'column "agent_id" does not exist'
    ended = {"exitCode": 1, "reason": "Error", "message": message}
    container = {"name": "migrate", "ready": False, "restartCount": 0, "image": "x", "imageID": "x"}
    failed = {"phase": "Failed", "containerStatuses": [{**container, "state": {"terminated": ended}}]}
    helper = later(1, lambda: cluster.report_pods(namespace, failed))
    said = project.up(fails=True)
    helper.join()
    assert f"Job {namespace}/migrate: Failed is True (BackoffLimitExceeded)" in said
    assert message in said
    assert "after" not in cluster.kubectl("get", "configmaps", "-n", namespace)
    assert project.state("migrate")["initErrors"]

    before = cluster.get("job", "migrate", namespace)["metadata"]["uid"]

    def succeed() -> None:
        cluster.await_new(before, "job", "migrate", namespace)
        cluster.report_pods(namespace, {"phase": "Succeeded"})

    helper = later(0, succeed)
    said = project.up()
    helper.join()
    assert "+-1 replaced" in said
    assert "initErrors" not in project.state("migrate")
    assert "after" in cluster.kubectl("get", "configmaps", "-n", namespace)


def test_preview_works_before_the_cluster_exists(project: Project) -> None:
    """The kubeconfig is the output of a resource that is still to be made."""
    project.write(
        """
        made = k8s.core.v1.ConfigMap("made", opts=to)
        inner = k8s.Provider("inner", kubeconfig=made.metadata.uid)
        opts = pulumi.ResourceOptions(provider=inner)
        pod = k8s.core.v1.Pod("pod", spec={"containers": [{"name": "app", "image": "x"}]}, opts=opts)
        pulumi.export("address", pod.status.pod_ip)
        """
    )
    assert "+ 5 to create" in project.run("preview")


def test_preview_works_while_the_cluster_is_down(project: Project) -> None:
    project.config(
        kubeconfig=json.dumps(
            {
                "clusters": [{"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}],
                "contexts": [{"name": "x", "context": {"cluster": "x"}}],
                "current-context": "x",
            }
        )
    )
    project.write('k8s.core.v1.ConfigMap("settings", data={"a": "1"}, opts=to)\n')
    assert "+ 3 to create" in project.run("preview")
    assert "cluster is unreachable: https://127.0.0.1:1 does not answer" in project.up(fails=True)


def test_an_existing_object_is_imported_as_it_is(project: Project, cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("create", "configmap", "theirs", "-n", namespace, "--from-literal=a=1")
    project.write(
        """
        k8s.core.v1.ConfigMap(
            "theirs",
            metadata={"name": "theirs"},
            data={"a": "1"},
            opts=pulumi.ResourceOptions(
                provider=cluster, import_=pulumi.Config().require("namespace") + "/theirs"
            ),
        )
        """
    )
    assert "= 1 imported" in project.up()
    assert "unchanged" in project.up("--expect-no-changes")
