"""The public parameters by which EKS's images are found: for the versions that the stack knows."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from moto.core.utils import utcnow
from moto.ssm.models import Parameter, ParameterDict

from infra.settings.aws_versions import KUBERNETES_STANDARD_SUPPORT

_NAME = re.compile(
    r"/aws/service/eks/optimized-ami/(?P<version>[\d.]+)/amazon-linux-2023/(x86_64|arm64)/(standard|nvidia)"
    r"/recommended/image_id"
)


def install() -> None:
    """Once for the process."""
    load: Any = ParameterDict._check_loading_status  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def check_loading_status(self: ParameterDict, key: str) -> None:
        load(self, key)
        match = _NAME.fullmatch(str(key or ""))
        if match and match["version"] in KUBERNETES_STANDARD_SUPPORT and not dict.__contains__(self, key):
            dict.__setitem__(self, key, [_parameter(self, key)])

    ParameterDict._check_loading_status = check_loading_status  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _parameter(parameters: ParameterDict, name: str) -> Any:
    image = hashlib.sha256(f"{parameters.region_name}{name}".encode()).hexdigest()[:17]
    return Parameter(
        account_id=parameters.account_id,
        name=name,
        value=f"ami-{image}",
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=1,
        data_type="aws:ec2:image",
    )
