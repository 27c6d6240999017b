"""YAML that stands in a property as a text."""

from __future__ import annotations

import yaml
from pulumi.runtime.rpc import UNKNOWN as _UNKNOWN

from policies.lib.values import Undetermined, Value

_LONGEST = 1_000_000
"""Characters; Kubernetes stores no more in one object."""


def yaml_document(value: Value) -> Value:
    """The document in a text of YAML, of which JSON is a part; an object is taken as it is.

    Raises:
        Undetermined: it is unknown or secret, too long, or not YAML.
    """
    if not value.present or value.is_mapping or value.is_list:
        return value
    text = value.text()
    if len(text) > _LONGEST:
        raise Undetermined(value.path, "is too long")
    if _UNKNOWN in text:
        raise Undetermined(value.path, "is not known before the update")
    try:
        return Value(yaml.safe_load(text), value.path)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Undetermined(value.path, "is not YAML") from None
