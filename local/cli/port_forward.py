"""Keeps one `kubectl port-forward` alive: it ends whenever the pod behind it is replaced.

python -m local.cli.port_forward <kubectl> <arguments…>
"""

from __future__ import annotations

import subprocess
import sys
import time

QUICK_SECONDS = 5.0
GIVE_UP_AFTER = 60


def main(argv: list[str]) -> int:
    """Start the command again each time it ends; give up after it failed at once many times in a row."""
    quick_ends = 0
    while quick_ends < GIVE_UP_AFTER:
        began = time.monotonic()
        code = subprocess.run(argv, check=False).returncode
        quick_ends = quick_ends + 1 if time.monotonic() - began < QUICK_SECONDS else 0
        print(f"port-forward ended with exit code {code}; starting it again", flush=True)
        time.sleep(1)
    print("giving up; `make up` publishes the edge again", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
