"""Random bytes, as a secret (RandomBytes) or as a plain identifier (RandomId)."""

from __future__ import annotations

import base64
import secrets
from typing import ClassVar, cast

from local.plugins.base.computed import Made, Resource
from local.plugins.base.fields import Field, Fields
from local.plugins.base.values import Properties

_NO_ID = "none"
"""What the official plugin uses where every property is secret."""


class RandomBytes(Resource):
    """`length` random bytes."""

    type_name: ClassVar[str] = "random:index/randomBytes:RandomBytes"
    fields: ClassVar[Fields] = {
        "length": Field("integer", required=True, minimum=1),
        "keepers": Field("string map"),
    }
    computed: ClassVar[tuple[str, ...]] = ("base64", "hex")
    secret: ClassVar[frozenset[str]] = frozenset(computed)

    def make(self, inputs: Properties) -> Made:
        data = secrets.token_bytes(cast("int", inputs["length"]))
        return Made(_NO_ID, {"base64": base64.b64encode(data).decode(), "hex": data.hex()})


class RandomId(Resource):
    """`byteLength` random bytes that are no secret."""

    type_name: ClassVar[str] = "random:index/randomId:RandomId"
    fields: ClassVar[Fields] = {
        "byteLength": Field("integer", required=True, minimum=1),
        "keepers": Field("string map"),
        "prefix": Field("string"),
    }
    computed: ClassVar[tuple[str, ...]] = ("b64Std", "b64Url", "dec", "hex")

    def make(self, inputs: Properties) -> Made:
        data = secrets.token_bytes(cast("int", inputs["byteLength"]))
        prefix = cast("str", inputs.get("prefix", ""))
        url = base64.urlsafe_b64encode(data).decode().rstrip("=")
        shown = {
            "b64Std": base64.b64encode(data).decode(),
            "b64Url": url,
            "dec": str(int.from_bytes(data, "big")),
            "hex": data.hex(),
        }
        return Made(url, {name: prefix + text for name, text in shown.items()})
