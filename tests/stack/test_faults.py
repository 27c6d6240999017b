"""What a bad day looks like: pods killed, forbidden connections tried, secrets looked for."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from local import paths
from tests.support.stack import Stack, eventually, recalls

INTRUDER = "intruder"
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 4)
except (TimeoutError, ConnectionRefusedError):
    print("refused")
else:
    print("connected")
"""


def test_killed_server_pod_comes_back_with_its_memory(stack: Stack, agent_id: str) -> None:
    killed = set(_server_pods(stack))
    stack.kubectl("delete", "pod", "-l", "app.kubernetes.io/name=server", "--grace-period=0", "--force")
    # A pod that is being killed answers for a moment more: only its successors prove anything.
    eventually(lambda: not killed & set(_server_pods(stack)), 90, "other pods have taken their place")
    eventually(lambda: recalls(stack, agent_id), 90, "the agent answers again")


def test_killed_postgres_pod_comes_back_with_its_data(stack: Stack, agent_id: str) -> None:
    before = _server_pods(stack)
    stack.kubectl("delete", "pod", "-l", "app.kubernetes.io/name=postgres", "--grace-period=0", "--force")
    eventually(lambda: recalls(stack, agent_id), 120, "the agent answers again")
    assert _server_pods(stack) == before, "a database restart must not restart the server"


def test_forbidden_connection_is_refused_and_the_allowed_one_works(stack: Stack) -> None:
    image = json.loads(paths.platform_facts().read_text())["images"]["standin"]
    _start_intruder(stack, image)
    try:
        assert _connect(stack, "deploy/server", _address(stack, "postgres"), "5432") == "connected"
        # The same pod does reach what it may: so a refusal below is a refusal, and not a broken pod.
        assert _connect(stack, f"pod/{INTRUDER}", _dns(stack), "53") == "connected"
        for source, service, port in (
            (f"pod/{INTRUDER}", "postgres", "5432"),
            (f"pod/{INTRUDER}", "server", "8283"),
            (f"pod/{INTRUDER}", "standin", "8080"),
            ("deploy/standin", "postgres", "5432"),
        ):
            assert _connect(stack, source, _address(stack, service), port) == "refused", (source, service)
    finally:
        stack.kubectl("delete", "pod", INTRUDER, "--grace-period=0", "--force")


def test_pod_on_the_hosts_network_is_refused(stack: Stack) -> None:
    spec = {"hostNetwork": True, "containers": [{"name": "c", "image": "any"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root"}, "spec": spec}
    result = _apply(stack, pod)
    assert 'violates PodSecurity "restricted' in result


def test_passwords_are_nowhere_in_the_open(stack: Stack) -> None:
    secrets = _secret_values(stack)
    assert len(secrets) >= 5
    places = {
        "state": _contents(paths.state() / "pulumi"),
        "pod specs": stack.kubectl("get", "pods,deployments,statefulsets,jobs,configmaps", "-o", "json"),
        "pod logs": "".join(_logs(stack)),
        "machine logs": _contents(paths.state() / "machine" / "logs"),
        "logs of make and pulumi": _contents(paths.state() / "logs"),
        "arguments": "".join(_command_lines()),
    }
    found = [
        (place, name)
        for place, text in places.items()
        for name, value in secrets.items()
        if any(line in text for line in _tell_tale(value))
    ]
    assert found == []


def _tell_tale(value: str) -> list[str]:
    """What gives a secret away: itself, or any long line of a key, however its line ends are written."""
    return [line for line in value.splitlines() if len(line) >= 16 and not line.startswith("-----")]


def _secret_values(stack: Stack) -> dict[str, str]:
    items = stack.kubectl_json("get", "secrets")["items"]
    values = {
        f"{item['metadata']['name']}/{key}": base64.b64decode(value).decode()
        for item in items
        for key, value in item.get("data", {}).items()
        if not key.endswith(".crt")
    }
    passphrase = (paths.state() / "passphrase").read_text().strip()
    # A user name is no secret, though it may lie in one; what is too short to search for proves nothing.
    return {name: value for name, value in {**values, "passphrase": passphrase}.items() if len(value) >= 16}


def _logs(stack: Stack) -> list[str]:
    pods = stack.kubectl("get", "pods", "-o", "name").split()
    return [stack.kubectl("logs", pod, "--all-containers") for pod in pods]


def _command_lines() -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_text(errors="replace"))
            except OSError:
                continue
    return found


def _server_pods(stack: Stack) -> dict[str, int]:
    """Restarts of every server pod by its uid, once all that the Deployment wants are ready."""
    stack.kubectl("rollout", "status", "deployment/server", "--timeout=120s")
    pods = stack.kubectl_json("get", "pods", "-l", "app.kubernetes.io/name=server")["items"]
    return {
        pod["metadata"]["uid"]: sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
        for pod in pods
    }


def _connect(stack: Stack, source: str, host: str, port: str) -> str:
    result = stack.run(
        "kubectl", "-n", "roost", "exec", source, "--", "python3", "-c", CONNECT, host, port, timeout=60
    )
    return result.stdout.strip() or result.stderr


def _address(stack: Stack, service: str) -> str:
    """A pod's own address, so that the answer does not depend on names."""
    slices = stack.kubectl_json("get", "endpointslices", "-l", f"kubernetes.io/service-name={service}")
    return str(slices["items"][0]["endpoints"][0]["addresses"][0])


def _dns(stack: Stack) -> str:
    result = stack.run("kubectl", "-n", "kube-system", "get", "service", "kube-dns", "-o", "json")
    return str(json.loads(result.stdout)["spec"]["clusterIP"])


def _contents(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def _apply(stack: Stack, pod: dict[str, object]) -> str:
    import subprocess

    result = subprocess.run(
        ["kubectl", "-n", "roost", "apply", "-f", "-"],
        input=json.dumps(pod),
        env=stack.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.stdout + result.stderr


def _start_intruder(stack: Stack, image: str) -> None:
    container = {
        "name": "c",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", "import time; time.sleep(600)"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "100m", "memory": "64Mi"},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": INTRUDER},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        },
    }
    _apply(stack, pod)
    stack.kubectl("wait", "--for=condition=Ready", f"pod/{INTRUDER}", "--timeout=60s")
