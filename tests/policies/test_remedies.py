"""Remedies leave alone what they would break."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.policies import UNKNOWN, Judge, R, rule

KEY = "aws:kms/key:Key"


@pytest.mark.parametrize(
    "props",
    [
        {"customKeyStoreId": "cks-1"},
        {"customKeyStoreId": UNKNOWN},
        {"customerMasterKeySpec": "RSA_4096", "keyUsage": "SIGN_VERIFY"},
        {"customerMasterKeySpec": "HMAC_256", "keyUsage": "GENERATE_VERIFY_MAC"},
        {"customerMasterKeySpec": UNKNOWN},
        {"enableKeyRotation": UNKNOWN},
    ],
)
def test_a_key_that_cannot_be_rotated_is_not(props: dict[str, Any]) -> None:
    key = R(KEY, props)
    assert Judge([rule("kms-rotation")], levels={"kms-rotation": "remediate"}).remedied(key) == key
