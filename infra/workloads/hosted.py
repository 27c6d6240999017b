"""Models that others host and that agents may use besides the stack's own: how the server is told of them."""

from __future__ import annotations

import pulumi
from pydantic import SecretStr

from infra.ports import Reach
from infra.settings import Settings
from infra.workloads.pods import SECRETS_DIR
from infra.workloads.reach import reach_of

_URLS = {"openai": "https://api.openai.com", "anthropic": "https://api.anthropic.com"}


def hosted_environment(settings: Settings) -> dict[str, pulumi.Input[str]]:
    """Keys as paths of files, and Bedrock's models, which need none."""
    variables: dict[str, pulumi.Input[str]] = {
        f"{name.upper()}_API_KEY_FILE": f"{SECRETS_DIR}/{_file(name)}" for name in _keys(settings)
    }
    if settings.aws is not None and settings.aws.bedrock_models:
        variables["BEDROCK_REGION"] = settings.aws.region
        variables["BEDROCK_MODELS"] = ",".join(settings.aws.bedrock_models)
    return variables


def hosted_files(settings: Settings) -> dict[str, pulumi.Output[str]]:
    """Contents of the files that `hosted_environment` names."""
    return {
        _file(name): pulumi.Output.secret(key.get_secret_value()) for name, key in _keys(settings).items()
    }


def hosted_reaches(settings: Settings) -> list[Reach]:
    """What the server must be allowed to connect to."""
    reaches = [reach_of(name, _URLS[name]) for name in _keys(settings)]
    if settings.aws is not None and settings.aws.bedrock_models:
        reaches.append(reach_of("bedrock", f"https://bedrock-runtime.{settings.aws.region}.amazonaws.com"))
    return reaches


def _keys(settings: Settings) -> dict[str, SecretStr]:
    """Those that are given, by provider."""
    hosted = settings.model.hosted
    keys = {"openai": hosted.openai_api_key, "anthropic": hosted.anthropic_api_key}
    return {name: key for name, key in keys.items() if key is not None}


def _file(name: str) -> str:
    return f"{name}-api-key"
