"""`pulumi-resource-tls`."""

from __future__ import annotations

from local.plugins.base.computed import ComputedProvider
from local.plugins.base.provider import run
from local.plugins.tls.certificates import LocallySignedCert, SelfSignedCert
from local.plugins.tls.keys import PrivateKey
from local.plugins.tls.requests import CertRequest

run(ComputedProvider("tls", [PrivateKey(), SelfSignedCert(), CertRequest(), LocallySignedCert()]))
