"""`pulumi-resource-random`."""

from __future__ import annotations

from local.plugins.base.computed import ComputedProvider
from local.plugins.base.provider import run
from local.plugins.random.password import RandomPassword, RandomString
from local.plugins.random.raw import RandomBytes, RandomId

run(ComputedProvider("random", [RandomPassword(), RandomString(), RandomBytes(), RandomId()]))
