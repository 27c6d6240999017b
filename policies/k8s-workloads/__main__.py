"""The policy pack `k8s-workloads`, as `pulumi --policy-pack` starts it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the folder that `policies` lies in

from policies.catalogue import serve_pack

serve_pack("k8s-workloads")
