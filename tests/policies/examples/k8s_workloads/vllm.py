"""Model servers: keys, code and models."""

from collections.abc import Mapping
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, Hidden, R, both, drop, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
KEY = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "model-key", "key": "apiKey"}}}
FROM_FILE = (
    'export VLLM_API_KEY="$(cat /run/secrets/key)"; exec vllm serve /models/llama --disable-fastapi-docs'
)
OFFLINE = {"name": "HF_HUB_OFFLINE", "value": "1"}
ARGS = ["--model=/models/llama", "--disable-fastapi-docs", "--max-model-len", "8192"]
SERVER: dict[str, Any] = {
    "name": "vllm",
    "image": "vllm/vllm-openai:v0.20.0",
    "args": ARGS,
    "env": [KEY, OFFLINE],
    "ports": [{"name": "http", "containerPort": 8000}],
    "volumeMounts": [{"name": "model", "mountPath": "/models", "readOnly": True}],
}
SYNC = {"name": "sync", "image": "vllm/vllm-openai:v0.20.0", "command": ["python3", "/scripts/fetch.py"]}


def workload(container: Mapping[str, Any], *, labels: Mapping[str, str] | None = None) -> R:
    return R(
        DEPLOYMENT,
        {
            "metadata": {"name": "model", "namespace": "roost"},
            "spec": {
                "template": {
                    "metadata": {"labels": dict(labels or {"app.kubernetes.io/name": "inference"})},
                    "spec": {
                        "initContainers": [SYNC],
                        "containers": [container],
                        "volumes": [{"name": "model", "emptyDir": {}}],
                    },
                }
            },
        },
        name="model",
    )


GOOD = workload(SERVER)
_POD = "spec.template.spec"
_SERVER = f"{_POD}.containers[0]"
OTHER = R(
    DEPLOYMENT,
    {"spec": {"template": {"spec": {"containers": [{"name": "api", "image": "roost/server@sha256:0"}]}}}},
    name="other",
)


def args(*words: Any) -> Change:
    return put("model", f"{_SERVER}.args", list(words))


def more(*words: Any) -> Change:
    return args(*ARGS, *words)


def env(*entries: Any) -> Change:
    return put("model", f"{_SERVER}.env", list(entries))


def started(*command: str) -> Change:
    return both(
        put("model", f"{_SERVER}.image", "registry.example.com/inference:1"),
        put("model", f"{_SERVER}.command", list(command)),
    )


HUB = ["--model", "meta-llama/Llama-3.1-8B-Instruct", "--disable-fastapi-docs"]
LOCAL = "--disable-fastapi-docs"
_LABEL = f"{_POD.removesuffix('.spec')}.metadata.labels"

EXAMPLES = (
    Example(
        "vllm-auth",
        good=(GOOD, OTHER),
        bad={
            "no key": env(OFFLINE),
            "no environment": drop("model", f"{_SERVER}.env"),
            "the key stands in the arguments": more("--api-key", "sk-something"),
            "the key stands in one argument": more("--api-key=sk-something"),
            "the key is written with an underscore": more("--api_key=sk-something"),
            "the argument stands for a text": both(
                more("--api-key", "$(KEY)"), env({"name": "KEY", "value": "sk-1"}, OFFLINE)
            ),
            "the key stands in the environment": env({"name": "VLLM_API_KEY", "value": "sk-1"}),
            "the key stands there as a secret of the program": env(
                {"name": "VLLM_API_KEY", "value": Hidden("sk-1")}
            ),
            "the key is empty": env({"name": "VLLM_API_KEY", "value": ""}),
            "it publishes its documentation": args("--model=/models/llama"),
            "development mode": env(KEY, {"name": "VLLM_SERVER_DEV_MODE", "value": "1"}),
            "run-time adapters": env(KEY, {"name": "VLLM_ALLOW_RUNTIME_LORA_UPDATING", "value": "True"}),
            "the profiler": env(KEY, {"name": "VLLM_TORCH_PROFILER_DIR", "value": "/tmp/p"}),
            "the profiler by an option": more("--profiler-config", "{}"),
            "the tokenizer's endpoint": more("--enable_tokenizer_info_endpoint"),
            "a script of a shell starts it": Bad(
                both(
                    started("sh", "-c", "exec vllm serve /models/llama --api-key sk-1"),
                    drop("model", f"{_SERVER}.args"),
                ),
                2,
            ),
            "a script has the key written into it": both(
                started("sh", "-c", FROM_FILE.replace("$(cat /run/secrets/key)", "sk-1")),
                drop("model", f"{_SERVER}.args"),
                env(OFFLINE),
            ),
            "a module of Python starts it": both(
                started("python3", "-m", "vllm.entrypoints.openai.api_server"), env(OFFLINE)
            ),
            "another image under the recommended label": both(
                put("model", f"{_SERVER}.image", "registry.example.com/inference:1"),
                put("model", _LABEL, {"app.kubernetes.io/name": "vllm"}),
                env(OFFLINE),
            ),
            "a second container": put(
                "model", f"{_POD}.containers[1]", {**SERVER, "name": "second", "env": []}
            ),
            "a sidecar among the init containers": put(
                "model", f"{_POD}.initContainers[1]", {**SERVER, "restartPolicy": "Always", "env": []}
            ),
        },
        fine={
            "a script reads the key from a file": both(
                started("sh", "-c", FROM_FILE), drop("model", f"{_SERVER}.args"), env(OFFLINE)
            ),
            "the argument stands for a variable from a secret": more("--api-key", "$(VLLM_API_KEY)"),
            "development mode is named and off": env(KEY, {"name": "VLLM_SERVER_DEV_MODE", "value": "0"}),
            "its router is none": both(
                put("model", f"{_SERVER}.image", "lmcache/vllm-router:1"), env(OFFLINE)
            ),
            "a client of it is none": both(started("curl", "http://vllm"), env(OFFLINE)),
            "another image under another label, not known yet": both(
                put("model", f"{_SERVER}.image", UNKNOWN), env(OFFLINE)
            ),
        },
        open={
            "a variable's name is not known": env({"name": UNKNOWN, "value": "1"}),
            "an argument is not known": args("--model=/models/llama", UNKNOWN),
            "a file may hold the options": args("--config", "/etc/vllm.yaml"),
            "a secret may hold the key": both(
                env(OFFLINE), put("model", f"{_SERVER}.envFrom", [{"secretRef": {"name": "vllm"}}])
            ),
            "neither image nor label is known": both(
                put("model", f"{_SERVER}.image", UNKNOWN), put("model", _LABEL, {"tier": "gpu"})
            ),
        },
        vocabulary="VLLM_SERVER_DEV_MODE VLLM_ALLOW_RUNTIME_LORA_UPDATING VLLM_TORCH_PROFILER_DIR "
        "--profiler-config --enable-tokenizer-info-endpoint",
    ),
    Example(
        "vllm-no-remote-code",
        good=(GOOD, OTHER),
        bad={
            "it runs the model's code": more("--trust-remote-code"),
            "it does so by another spelling": more("--trust_remote_code=true"),
            "clients may read every file": more("--allowed-local-media-path", "/"),
            "clients may read every file, in one argument": more("--allowed-local-media-path=//"),
            "a model of the hub without a version": args(*HUB),
            "a branch of a model": args(*HUB, "--revision", "main"),
            "a shortened commit": args(*HUB, "--revision=0123456"),
            "the model that vLLM takes by itself": args(LOCAL),
            "a model of the hub as first argument": args("org/model", LOCAL),
            "it may fetch things": env(KEY),
            "it may say so": env(KEY, {"name": "HF_HUB_OFFLINE", "value": "0"}),
            "it can write to the model": drop("model", f"{_SERVER}.volumeMounts[0].readOnly"),
            "a claim inside a mount can be written": both(
                put("model", f"{_SERVER}.volumeMounts[1]", {"name": "w", "mountPath": "/models/llama"}),
                put(
                    "model",
                    f"{_POD}.volumes[1]",
                    {"name": "w", "persistentVolumeClaim": {"claimName": "models"}},
                ),
            ),
            "a script of a shell starts it": both(
                started("sh", "-c", "vllm serve /models/llama --trust-remote-code"),
                drop("model", f"{_SERVER}.args"),
            ),
        },
        fine={
            "a commit of a model": args(*HUB, "--revision", COMMIT),
            "the model is in a bucket": args("--model", "s3://models/llama", LOCAL),
            "it says that it runs no code": more("--no-trust-remote-code"),
            "clients may read one directory": more("--allowed-local-media-path", "/media"),
            "the model is in the image": drop("model", f"{_SERVER}.volumeMounts"),
            "the claim is read-only": both(
                drop("model", f"{_SERVER}.volumeMounts[0].readOnly"),
                put(
                    "model",
                    f"{_POD}.volumes[0]",
                    {"name": "model", "persistentVolumeClaim": {"claimName": "m", "readOnly": True}},
                ),
            ),
            "the model's name is a variable": both(
                args("--model", "$(MODEL)", LOCAL),
                env(KEY, OFFLINE, {"name": "MODEL", "value": "/models/llama"}),
            ),
        },
        open={
            "an argument is not known": args("--model=/models/llama", UNKNOWN),
            "the model is not known": args("--model", UNKNOWN, LOCAL),
        },
    ),
    Example(
        "vllm-no-remote-code",
        good=(workload({**SERVER, "args": [*HUB, "--revision", COMMIT], "env": [KEY]}),),
        bad={"it runs the model's code": args(*HUB, "--revision", COMMIT, "--trust-remote-code")},
        config={"offline": False},
    ),
)
