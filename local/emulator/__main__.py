"""`python -m local.emulator`: serve the emulated account until SIGTERM or the parent's death."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import urlsplit

from local.emulator.child import ACCOUNT, ClusterEndpoint

# Read by moto when it is imported.
MOTO = {
    # Roles attach AWS's own policies.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    # Nobody starts an instance; a thousand images cost a second.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    # boto3 asks for it when moto lists a service's regions.
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def main() -> None:
    """Parse the arguments, prepare moto's environment, serve."""
    parser = argparse.ArgumentParser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument(
        "--port-file", type=Path, required=True, help="the port is written here when it serves"
    )
    parser.add_argument("--account", default=ACCOUNT, help="twelve digits")
    parser.add_argument(
        "--cluster",
        type=_cluster,
        action="append",
        default=[],
        metavar="REGION=ENDPOINT_URL,CA_FILE",
        help="what EKS gives back as the endpoint and certificate authority of that region's clusters",
    )
    arguments = parser.parse_args()
    os.environ.update(MOTO, MOTO_ACCOUNT_ID=arguments.account)
    from local.emulator.serve import serve

    serve(arguments.port_file, dict(arguments.cluster))


def _cluster(text: str) -> tuple[str, ClusterEndpoint]:
    region, _, rest = text.partition("=")
    url, _, ca_file = rest.partition(",")
    if not (region and urlsplit(url).scheme == "https" and Path(ca_file).is_file()):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not REGION=ENDPOINT_URL,CA_FILE with an https URL and a file that exists"
        )
    return region, ClusterEndpoint(url, Path(ca_file))


if __name__ == "__main__":
    main()
