"""Model servers that ask for a key, run no code that came with a model, and fetch nothing by themselves."""

from __future__ import annotations

import re

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import pod
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import Undetermined, Value
from policies.rules.k8s_workloads.software import VLLM, CommandLine, referenced, running, variable

GUIDE = "https://docs.vllm.ai/en/stable/usage/security/"
_KEY = "VLLM_API_KEY"
_FROM_FILE = re.compile(rf"(^|\s){_KEY}=\$\((cat |<)")
"""A script that reads the key from a mounted Secret."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DEBUG_FLAGS = ("--enable-tokenizer-info-endpoint", "--profiler-config")
_DEBUG_SWITCHES = ("VLLM_SERVER_DEV_MODE", "VLLM_ALLOW_RUNTIME_LORA_UPDATING")
_PROFILER = "VLLM_TORCH_PROFILER_DIR"
_NO = frozenset({"false", "0", "no", "off"})


def servers(workload: Resource, check: Check) -> list[Value]:
    """The containers of a workload that are vLLM; what cannot be told yet is told to `check`."""
    found, open_ = running(pod(workload), VLLM)
    if open_:
        with check.part():
            raise open_
    return found


@resource_rule(
    "vllm-auth",
    WORKLOADS,
    title="A model server asks for a key that is a secret, and has no debugging endpoints",
    why="Whoever reaches it can use the GPUs; its development endpoints run any method of the engine.",
    fix="Take VLLM_API_KEY from a Secret, best by a script that reads a mounted file, pass "
    "--disable-fastapi-docs, and leave development mode, profiler and run-time adapters off.",
    severity=Severity.HIGH,
    refs="DOC vLLM security",
    url=GUIDE,
    dev="mandatory",
    prod="mandatory",
)
def auth(workload: Resource, check: Check) -> None:
    for server in servers(workload, check):
        line = CommandLine.of(server)
        with check.part():
            _asks_for_key(server, line, check)
        with check.part():
            if line.option("--disable-fastapi-docs") is None:
                check.violation("it publishes the documentation of its endpoints", server["args"])
        for flag in _DEBUG_FLAGS:
            with check.part():
                if line.option(flag) is not None:
                    check.violation(f"{flag} opens endpoints for debugging", server["args"])
        for name in _DEBUG_SWITCHES:
            with check.part():
                if variable(server, name)["value"].truth(default=False):
                    check.violation(f"{name} opens endpoints that change the server", server["env"])
        with check.part():
            if variable(server, _PROFILER).present:
                check.violation(f"{_PROFILER} opens the profiler", server["env"])


def _asks_for_key(server: Value, line: CommandLine, check: Check) -> None:
    if _FROM_FILE.search(line.text):
        return
    given = line.option("--api-key")
    name = _KEY
    if given is not None and given.present:
        name = referenced(given)
        if not name:
            check.violation("its key stands in the arguments", given)
            return
    entry = variable(server, name)
    if entry["valueFrom"]["secretKeyRef"].present:
        return
    if entry["value"].present:
        check.violation("its key stands in the environment", entry["value"])
    elif any(source["secretRef"].present for source in server["envFrom"].items()):
        raise Undetermined(server["envFrom"].path, "may hold the key")
    else:
        check.violation("it asks for no key", server["env"])


class OfflineSettings(Settings):
    """Whether a model server may fetch anything by itself."""

    offline: bool = Field(
        default=True, description="Whether it must run offline, with the model on a volume that is read-only."
    )


@resource_rule(
    "vllm-no-remote-code",
    WORKLOADS,
    title="A model server runs only the model that was chosen, and none of its code",
    why="A model's repository can hold Python that runs in the server, and a branch can change overnight.",
    fix="Leave trust-remote-code and allowed-local-media-path out, pin --revision to a commit, set "
    "HF_HUB_OFFLINE, and mount the model read-only.",
    severity=Severity.HIGH,
    refs="DOC vLLM security",
    url=GUIDE,
    dev="advisory",
    prod="mandatory",
    settings=OfflineSettings,
)
def no_remote_code(workload: Resource, check: Check) -> None:
    offline = check.settings(OfflineSettings).offline
    for server in servers(workload, check):
        line = CommandLine.of(server)
        with check.part():
            trusted = line.option("--trust-remote-code")
            if trusted is not None and trusted.text().lower() not in _NO:
                check.violation("it runs code that comes with the model", server["args"])
        with check.part():
            media = line.option("--allowed-local-media-path")
            if media is not None and media.present and not media.text().strip("/."):
                check.violation("clients may read any file of the container", media)
        with check.part():
            _pins_model(server, line, check)
        if offline:
            with check.part():
                if not variable(server, "HF_HUB_OFFLINE")["value"].truth(default=False):
                    check.violation("it may fetch models and code by itself", server["env"])
            with check.part():
                _cannot_change_model(workload, server, line, check)


def _model(server: Value, line: CommandLine) -> str:
    """A directory, an address, or a name on the hub; empty for the one that vLLM takes by itself."""
    named = line.option("--model")
    if named is None:
        named = _first_argument(line)
    if named is None:
        return ""
    name = referenced(named)
    return variable(server, name)["value"].text() if name else named.text()


def _first_argument(line: CommandLine) -> Value | None:
    words = line.words
    for at, word in enumerate(words):
        if word.known and word.text() == "serve":
            words = words[at + 1 :]
            break
    if not words:
        return None
    return None if words[0].text().startswith("-") else words[0]


def _pins_model(server: Value, line: CommandLine, check: Check) -> None:
    model = _model(server, line)
    if model.startswith(("/", "./")) or "://" in model:
        return
    revision = line.option("--revision")
    if revision is None or not _COMMIT.fullmatch(revision.text()):
        check.violation("no commit says which version of the model it runs", server["args"])


def _cannot_change_model(workload: Resource, server: Value, line: CommandLine, check: Check) -> None:
    model = _model(server, line)
    if not model.startswith("/"):
        return
    mounts = [
        mount
        for mount in server["volumeMounts"].items()
        if f"{model.rstrip('/')}/".startswith(f"{mount['mountPath'].text().rstrip('/')}/")
    ]
    if not mounts:
        return  # it is in the image
    mount = max(mounts, key=lambda one: len(one["mountPath"].text()))
    if not mount["readOnly"].truth(default=False) and not _is_read_only(workload, mount["name"].text()):
        check.violation("it can write to the model", mount["readOnly"])


def _is_read_only(workload: Resource, name: str) -> bool:
    for volume in pod(workload).spec["volumes"].items():
        if volume["name"].text() == name:
            claim, driver = volume["persistentVolumeClaim"], volume["csi"]
            return (
                volume["image"].present
                or claim["readOnly"].truth(default=False)
                or driver["readOnly"].truth(default=False)
            )
    return False
