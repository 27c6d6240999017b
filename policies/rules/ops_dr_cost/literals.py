"""Secrets that stand where everybody can read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pulumi_policy import Severity

from policies.lib import kubernetes
from policies.lib.check import Check
from policies.lib.credentials import (
    decoded,
    has_credential,
    has_format,
    is_credential_name,
    is_generated,
    is_literal,
)
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import WORKLOADS, types
from policies.lib.values import State, Value

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
    found = {value.path: value for value in (*_settings(resource), *_anywhere(resource))}
    for value in found.values():
        check.violation("a secret stands there for everybody to read", value)


def _anywhere(resource: Resource) -> Iterator[Value]:
    """Secrets that one can tell by their format, wherever they are but where they belong."""
    aws = resource.type.startswith("aws:")
    for leaf in (resource["metadata"] if resource.type == _SECRET else resource.props).leaves():
        if has_format(_text(leaf)) and not (aws and _belongs(resource, leaf.path)):
            yield leaf


def _belongs(resource: Resource, path: str) -> bool:
    if resource.type == _PARAMETER and path == "value":
        return resource["type"].text() == _SECURE
    return bool(_OWN_PLACE.search(path))


def _settings(resource: Resource) -> Iterator[Value]:
    """Where programs are told what they need: there a name or the look of a value is enough."""
    if resource.type in WORKLOADS:
        return _of_pod(kubernetes.pod(resource))
    if resource.type == _CONFIG_MAP:
        return _of_variables(resource["data"])
    if resource.type == _PARAMETER:
        return _of_parameter(resource)
    if resource.type.startswith(_CHARTS):
        return (leaf for leaf in resource["values"].leaves() if _is_secret(_last(leaf.path), leaf))
    return _of_machine(resource)


def _of_pod(pod: kubernetes.Pod) -> Iterator[Value]:
    for kind in kubernetes.CONTAINER_LISTS:
        for container in _elements(pod.spec[kind]):
            for variable in _elements(container["env"]):
                if _is_secret(_text(variable["name"]), variable["value"]):
                    yield variable["value"]
            for part in ("command", "args"):
                words = [Value(""), *_elements(container[part])]
                yield from (word for before, word in pairwise(words) if _is_secret(_option(before), word))


def _option(word: Value) -> str:
    """The name that an argument gives to the one after it: `--token`."""
    text = _text(word)
    return text if text.startswith("-") and "=" not in text else ""


def _of_variables(variables: Value) -> Iterator[Value]:
    named = variables.entries() if variables.is_mapping else {}
    return (value for name, value in named.items() if _is_secret(name, value))


def _of_parameter(resource: Resource) -> Iterator[Value]:
    for prop in ("value", "insecureValue"):
        if _is_secret(_text(resource["name"]), resource[prop]) and not _belongs(resource, prop):
            yield resource[prop]


def _of_machine(resource: Resource) -> Iterator[Value]:
    """A function's environment, and what an instance does at its start."""
    yield from _of_variables(resource["environment.variables"])
    for prop in _SCRIPTS:
        if has_credential(decoded(_text(resource[prop]))):
            yield resource[prop]


def _is_secret(name: str, value: Value) -> bool:
    """Whether a value is one, under the name that it is given; what the program marked as one always is."""
    text = _text(value)
    named = bool(text) and is_credential_name(name) and is_literal(text)
    return value.state is State.SECRET or named or is_generated(text) or has_credential(text, name)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _text(value: Value) -> str:
    """A text; empty for what is none. What is unknown comes from another resource, so it is no literal."""
    return value.text() if value.known and not value.is_mapping and not value.is_list else ""


def _elements(value: Value) -> list[Value]:
    return value.items() if value.known else []
