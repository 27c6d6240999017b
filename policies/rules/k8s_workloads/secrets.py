"""Secrets reach pods as files, and are written nowhere else."""

from __future__ import annotations

from itertools import pairwise

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.credentials import has_credential, is_credential_name, is_literal
from policies.lib.kubernetes import each_container
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import WORKLOADS, types
from policies.lib.values import State, Value

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


@resource_rule(
    "k8s-secrets-as-files",
    WORKLOADS,
    title="Containers get secrets as files, not in their environment",
    why="An environment is shown by debuggers and crash reports, inherited by every child process, and never "
    "rotated while a pod lives.",
    fix="Mount the Secret, or a CSI volume of an external store, and name the file in the environment.",
    severity=Severity.LOW,
    refs="CISEKS 4.4.1, CISEKS 4.4.2, CKV K8S_35",
    url="https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
    dev="advisory",
    prod="mandatory",
    departs="A Secret that is mounted as a file counts as well as a CSI volume: pods read both the same way, "
    "and etcd is encrypted with a key of ours.",
)
def as_files(workload: Resource, check: Check) -> None:
    def judge(container: Value) -> None:
        for variable in container["env"].items():
            with check.part():
                reference = variable["valueFrom"].entries().get("secretKeyRef")
                if reference and reference.present:
                    check.violation("a container has a secret in its environment", reference)
        for source in container["envFrom"].items():
            with check.part():
                reference = source.entries().get("secretRef")
                if reference and reference.present:
                    check.violation("a container has a whole Secret in its environment", reference)

    each_container(workload, check, judge)


@resource_rule(
    "k8s-no-creds-in-config",
    WORKLOADS | types(CONFIG_MAP),
    title="No credential is written into a ConfigMap, an environment or an argument",
    why="What is written there is read by everybody who may look at the namespace, and stays in the state "
    "and in the history of the repository.",
    fix="Put it into a Secret or an external store, mount it as a file, and write its path here.",
    severity=Severity.HIGH,
    refs="NSA C-0012",
    url="https://kubernetes.io/docs/concepts/configuration/configmap/",
    dev="mandatory",
    prod="mandatory",
)
def no_credentials(resource: Resource, check: Check) -> None:
    if resource.type == CONFIG_MAP:
        for name, value in resource["data"].entries().items():
            _judge(name, value, check)
        return

    def judge(container: Value) -> None:
        with check.part():
            for variable in container["env"].items():
                with check.part():
                    if variable["value"].present:
                        _judge(variable["name"].text(), variable["value"], check)
        for words in (container["command"], container["args"]):
            with check.part():
                _judge_words(words, check)

    each_container(resource, check, judge)


def _judge(name: str, value: Value, check: Check) -> None:
    with check.part():
        if value.state is State.SECRET:
            check.violation("something that the program itself calls a secret is written here", value)
        elif is_credential_name(name) and is_literal(value.text()):
            check.violation("the name says that it is a credential, and the value is one", value)
        elif has_credential(value.text(), name):
            check.violation("it holds what looks like a credential", value)


def _judge_words(words: Value, check: Check) -> None:
    """`--password=x`, and `--password x` in two words."""
    items = words.items()
    for word in items:
        _judge("", word, check)
    for flag, value in pairwise(items):
        with check.part():
            text = flag.text()
            names = text.startswith("-") and "=" not in text and is_credential_name(text)
            if names and is_literal(value.text()) and not value.text().startswith("-"):
                check.violation("the argument before says that it is a credential", value)
