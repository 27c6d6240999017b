"""Where Pulumi enters: it puts this folder on the path, which makes the package `infra` importable."""

import infra.__main__  # noqa: F401 - importing is running
