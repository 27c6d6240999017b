"""Property values on the wire and back."""

from __future__ import annotations

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from local.plugins.base.values import (
    UNKNOWN,
    Properties,
    Secret,
    Value,
    decode,
    encode,
    has_secret,
    has_unknown,
    plain,
    plain_map,
)

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.just(UNKNOWN),
)
_VALUES: st.SearchStrategy[Value] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3), inner.map(Secret)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), _VALUES, max_size=4))
def test_what_goes_out_comes_back(properties: Properties) -> None:
    wire = struct_pb2.Struct.FromString(encode(properties).SerializeToString())
    assert decode(wire) == properties


def _wire(value: object) -> Value:
    struct = struct_pb2.Struct()
    struct.update({"v": value})  # pyright: ignore[reportArgumentType]
    return decode(struct)["v"]


def test_whole_numbers_are_integers_as_the_kubernetes_api_wants_them() -> None:
    assert (
        repr(_wire({"replicas": 2, "ratio": 0.5, "on": True})) == "{'replicas': 2, 'ratio': 0.5, 'on': True}"
    )


def test_outputs_of_newer_engines_become_secrets_and_unknowns() -> None:
    signature = {rpc._special_sig_key: rpc._special_output_value_sig}
    assert _wire(signature) is UNKNOWN
    assert _wire({**signature, "value": "x", "dependencies": ["urn"]}) == "x"
    assert _wire({**signature, "value": "x", "secret": True}) == Secret("x")
    secret_unknown = _wire({**signature, "secret": True})
    assert isinstance(secret_unknown, Secret)
    assert secret_unknown.value is UNKNOWN


def test_assets_survive_a_round_trip() -> None:
    asset: Properties = {"a": {rpc._special_sig_key: rpc._special_asset_sig, "text": "hello"}}
    assert decode(encode(asset)) == asset


def test_a_secret_never_shows_in_logs() -> None:
    assert "hunter2" not in repr({"password": Secret("hunter2")})


def test_secrets_and_unknowns_are_found_at_any_depth() -> None:
    deep: Value = {"a": [{"b": Secret([UNKNOWN])}]}
    assert has_secret(deep)
    assert has_unknown(deep)
    assert plain(deep) == {"a": [{"b": [UNKNOWN]}]}
    assert plain_map({"a": Secret("x")}) == {"a": "x"}
    assert not has_secret({"a": [1, "b"]})


def test_an_unknown_cannot_be_taken_for_true() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)


def test_what_is_no_property_value_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be a set"):
        encode({"a": {1, 2}})  # pyright: ignore[reportArgumentType]
