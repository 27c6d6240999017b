"""Secrets that stand where everybody can read them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.lib import kubernetes
from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.secret_texts import assigns_secret, decoded, form_of, is_given, is_random, is_secret_name
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Value

_SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
_CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
_PARAMETER = "aws:ssm/parameter:Parameter"
_DEFINITIONS = "kubernetes:apiextensions.k8s.io/"
_CHARTS = "kubernetes:helm.sh/"
_SECURE = "SecureString"
_SCRIPTS = ("userData", "userDataBase64")
_OWN_PLACE = re.compile(
    r"(?:^|\.)(?:\w*[pP]assword|password\w*|secret(?:String|Binary|Key)?|privateKey\w*|authToken|\w+SecretKey)"
    r"(?:$|[.\[])"
)
"""Properties of AWS resources that are there for secrets; the provider encrypts them in the state."""


@resource_rule(
    "sec-no-literals",
    types("aws:*", "kubernetes:*"),
    title="No secret stands in a plain property",
    why="Environment variables, ConfigMaps, user data and parameters are read by many, shown in consoles and "
    "kept in histories; a secret in one of them has been given away.",
    fix="Put it into a Secret, Secrets Manager or a SecureString parameter, refer to it, and change it.",
    severity=Severity.CRITICAL,
    refs="CKV AWS_46, CKV 2_AWS_34, CKV AWS_337, NSA C-0012",
    url="https://kubernetes.io/docs/concepts/configuration/secret/",
    dev="mandatory",
    prod="mandatory",
    departs="What looks random counts only where settings are written (environment, arguments, ConfigMaps, "
    "parameters); in other properties only texts whose form is a secret's. An unknown value is no literal.",
)
def no_literals(resource: Resource, check: Check) -> None:
    if resource.type.startswith(_DEFINITIONS):
        return
    found: dict[str, tuple[Value, str]] = {}
    for value, what in (*_settings(resource), *_anywhere(resource)):
        found.setdefault(value.path, (value, what))
    for value, what in found.values():
        check.violation(f"{what} stands there for everybody to read", value)


def _anywhere(resource: Resource) -> Iterator[tuple[Value, str]]:
    """Secrets that one can tell by their form, wherever they are but where they belong."""
    aws = resource.type.startswith("aws:")
    for leaf in (resource["metadata"] if resource.type == _SECRET else resource.props).leaves():
        text = _text(leaf)
        if text and (what := form_of(text)) and not (aws and _belongs(resource, leaf.path)):
            yield leaf, what


def _belongs(resource: Resource, path: str) -> bool:
    if resource.type == _PARAMETER and path == "value":
        return resource["type"].text() == _SECURE
    return bool(_OWN_PLACE.search(path))


def _settings(resource: Resource) -> Iterator[tuple[Value, str]]:
    """Where programs are told what they need: there a name or the look of a value is enough."""
    if resource.type in WORKLOADS:
        return _of_pod(kubernetes.pod(resource))
    if resource.type == _CONFIG_MAP:
        return _of_config_map(resource)
    if resource.type == _PARAMETER:
        return _of_parameter(resource)
    if resource.type.startswith(_CHARTS):
        return (found for leaf in resource["values"].leaves() for found in _named(leaf.path, leaf))
    return _of_machine(resource)


def _of_pod(pod: kubernetes.Pod) -> Iterator[tuple[Value, str]]:
    for kind in kubernetes.CONTAINER_LISTS:
        for container in _elements(pod.spec[kind]):
            for variable in _elements(container["env"]):
                yield from _named(_text(variable["name"]), variable["value"])
            for part in ("command", "args"):
                before = ""
                for argument in _elements(container[part]):
                    if _gives_secret(_text(argument), before):
                        yield argument, "a secret"
                    before = _text(argument)


def _gives_secret(argument: str, before: str) -> bool:
    option, given, value = argument.partition("=")
    if given and is_secret_name(option) and is_given(value):
        return True
    if before.startswith("-") and is_secret_name(before) and is_given(argument):
        return True
    return is_random(argument) or assigns_secret(argument)


def _of_config_map(resource: Resource) -> Iterator[tuple[Value, str]]:
    for name, value in _members(resource["data"]).items():
        yield from _named(name, value)
        if assigns_secret(_text(value)):
            yield value, "a line with a secret"


def _of_parameter(resource: Resource) -> Iterator[tuple[Value, str]]:
    for prop in ("value", "insecureValue"):
        for found in _named(_text(resource["name"]), resource[prop]):
            if not _belongs(resource, prop):
                yield found


def _of_machine(resource: Resource) -> Iterator[tuple[Value, str]]:
    """A function's environment, and what an instance does at its start."""
    for name, value in _members(resource["environment.variables"]).items():
        yield from _named(name, value)
    for prop in _SCRIPTS:
        script = decoded(_text(resource[prop]))
        if what := form_of(script) or ("a line with a secret" if assigns_secret(script) else None):
            yield resource[prop], what


def _named(name: str, value: Value) -> Iterator[tuple[Value, str]]:
    text = _text(value)
    if (is_secret_name(name) and is_given(text)) or is_random(text):
        yield value, "a secret"


def _text(value: Value) -> str:
    """A text; empty for what is none. What is unknown comes from another resource, so it is no literal."""
    return value.text() if value.known and not value.is_mapping and not value.is_list else ""


def _elements(value: Value) -> list[Value]:
    return value.items() if value.known else []


def _members(value: Value) -> dict[str, Value]:
    return value.entries() if value.is_mapping else {}
