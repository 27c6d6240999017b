"""`pulumi-resource-docker-build`."""

from __future__ import annotations

from local.plugins.base.provider import run
from local.plugins.docker_build.provider import DockerBuildProvider

run(DockerBuildProvider())
