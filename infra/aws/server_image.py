"""The server's image, built and pushed by the stack: for dev, where nobody promotes a tested digest."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_docker_build as docker
from pulumi_aws import ecr

from infra.options import Options
from infra.settings.aws_images import ImagePlatform

CONTEXT = "."
"""The repository's root, relative to where the engine starts: the same text, and so no change, everywhere."""

DOCKERFILE = "app/Dockerfile"
BUILD_TAG, CACHE_TAG = "build", "cache"


class ServerImage(pulumi.ComponentResource):
    """One image for each platform, and an index over them; `ref` names the index by digest.

    The tags move with every build (`MOVING_TAGS`), so that one that was interrupted can be pushed again; pods
    name the digest. One cached build for each platform, because a cache of several is not dependable in
    BuildKit. A preview builds nothing: it needs neither Docker nor the registry, nor an account.
    """

    def __init__(
        self,
        name: str,
        *,
        repository: ecr.Repository,
        platforms: Sequence[ImagePlatform],
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ServerImage", name, None, opts)
        self._name = name
        self._repository = repository
        # The repository takes its images along when it goes; deleting them one by one would need Docker.
        self._opts = pulumi.ResourceOptions.merge(
            options.child(self), pulumi.ResourceOptions(retain_on_delete=True)
        )
        login = self._login()
        images = [self._image(platform, login) for platform in platforms]
        index = docker.Index(
            name,
            tag=self._tagged(BUILD_TAG),
            sources=[image.ref for image in images],
            push=True,
            registry=login,
            opts=self._opts,
        )
        self.ref: pulumi.Output[str] = index.ref
        self.register_outputs({"ref": self.ref})

    def _login(self) -> docker.RegistryArgs:
        # By the repository's own output: before it exists nobody asks AWS for a token.
        token = ecr.get_authorization_token_output(
            registry_id=self._repository.registry_id, opts=pulumi.InvokeOptions(parent=self)
        )
        return docker.RegistryArgs(
            address=self._repository.repository_url,
            username=token.user_name,
            password=pulumi.Output.secret(token.password),
        )

    def _image(self, platform: ImagePlatform, login: docker.RegistryArgs) -> docker.Image:
        architecture = platform.partition("/")[2]
        cache = self._tagged(f"{CACHE_TAG}-{architecture}")
        return docker.Image(
            f"{self._name}-{architecture}",
            context=docker.BuildContextArgs(location=CONTEXT),
            dockerfile=docker.DockerfileArgs(location=DOCKERFILE),
            platforms=[docker.Platform(platform)],
            tags=[self._tagged(f"{BUILD_TAG}-{architecture}")],
            push=True,
            build_on_preview=False,
            registries=[login],
            cache_from=[docker.CacheFromArgs(registry=docker.CacheFromRegistryArgs(ref=cache))],
            cache_to=[
                docker.CacheToArgs(
                    registry=docker.CacheToRegistryArgs(
                        ref=cache,
                        mode=docker.CacheMode.MAX,
                        # ECR stores a cache only in the form of an image.
                        image_manifest=True,
                        oci_media_types=True,
                    )
                )
            ],
            opts=self._opts,
        )

    def _tagged(self, tag: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(self._repository.repository_url, ":", tag)


MOVING_TAGS = (f"{BUILD_TAG}*", f"{CACHE_TAG}*")
"""Patterns of the tags that a build may push again; all others never change their meaning."""
