"""`python3 -m app.weights copy`, where there is no `roost`."""

from __future__ import annotations

import sys

from app.weights.command import run

sys.exit(run(sys.argv[1]))
