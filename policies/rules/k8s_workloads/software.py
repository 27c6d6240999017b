"""Which containers run a program that rules know, and how they start it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from policies.lib.images import image
from policies.lib.kubernetes import CONTAINER_LISTS, Pod
from policies.lib.values import Undetermined, Value

_NAME = "app.kubernetes.io/name"
_REFERENCE = re.compile(r"^\$[({]?(\w+)[)}]?$")


@dataclass(frozen=True)
class Software:
    """A program: by its images' names, by the command that starts it, by the recommended label."""

    label: re.Pattern[str]
    image: re.Pattern[str]
    """Of the last part of a repository's name."""
    command: re.Pattern[str]
    """Of command and arguments, with blanks between them."""


VLLM = Software(
    re.compile(r"vllm"),
    re.compile(r"(?!.*router)(.*[^a-z0-9])?vllm([^a-z0-9].*)?"),
    re.compile(r"(^|[\s/])vllm serve(\s|$)|vllm\.entrypoints\.(openai\.)?api_server"),
)
CLICKHOUSE = Software(
    re.compile(r"clickhouse(-server)?"),
    re.compile(r"(.*[-_])?clickhouse(-server)?"),
    re.compile(r"(^|[\s/])clickhouse(-| )server(\s|$)"),
)
COLLECTOR = Software(
    re.compile(r"(opentelemetry|otel)-collector.*"),
    re.compile(r".*otelcol.*|(.*[^a-z])?(opentelemetry|otel)[-_]collector.*"),
    re.compile(r"(^|[\s/])otelcol[\w-]*(\s|$)"),
)


@dataclass(frozen=True)
class CommandLine:
    """Command and arguments of a container, word by word; `open` is why not all words are known."""

    words: tuple[Value, ...]
    open: Undetermined | None

    @classmethod
    def of(cls, container: Value) -> CommandLine:
        """A script that a shell is given counts as its words."""
        words: list[Value] = []
        open_: Undetermined | None = None
        for prop in ("command", "args"):
            try:
                for item in container[prop].items():
                    words += _split(item)
            except Undetermined as reason:
                open_ = open_ or reason
        unknown = next((Undetermined(word.path, "is not known") for word in words if not word.known), None)
        return cls(tuple(words), open_ or unknown)

    @property
    def text(self) -> str:
        """The words that are known."""
        return " ".join(word.text() for word in self.words if word.known)

    def option(self, name: str) -> Value | None:
        """What an option is set to, absent if to nothing; None if it is not there.

        `--max-model-len 1`, `--max_model_len=1` and a lone `--flag` are understood.

        Raises:
            Undetermined: it is not among the known words, and there are others, or a file of settings.
        """
        for at, word in enumerate(self.words):
            key, equals, value = word.text().partition("=") if word.known else ("", "", "")
            if key.replace("_", "-") == name:
                return Value(value, word.path) if equals else self._following(at)
        if self.open:
            raise self.open
        if name != "--config" and self.option("--config") is not None:
            raise Undetermined("args", "name a file of settings")
        return None

    def _following(self, at: int) -> Value:
        following = self.words[at + 1 : at + 2]
        is_option = bool(following) and following[0].known and following[0].text().startswith("--")
        return following[0] if following and not is_option else Value(None, self.words[at].path)


def _split(item: Value) -> list[Value]:
    if not item.known:
        return [item]
    text = item.text()
    if not re.search(r"\s", text.strip()):
        return [item]
    try:
        parts = shlex.split(text, comments=True)
    except ValueError:
        parts = text.split()
    return [Value(part, item.path) for part in parts]


def running(pod: Pod, software: Software) -> tuple[list[Value], Undetermined | None]:
    """The containers of a pod that run it, and why there may be more.

    Where an image is not known yet, the recommended label decides.
    """
    label = pod.metadata["labels"][_NAME]
    name = label.text() if label.known else ""
    found: list[Value] = []
    open_: Undetermined | None = None
    for kind in CONTAINER_LISTS:
        try:
            for container in pod.spec[kind].items():
                evidence = _runs(container, software)
                if evidence:
                    found.append(container)
                elif evidence is None and not name:
                    open_ = open_ or Undetermined(container["image"].path, "is not known before the update")
        except Undetermined as reason:
            open_ = open_ or reason
    if not found and software.label.fullmatch(name):
        found = pod.spec["containers"].items()[:1] if pod.spec["containers"].known else []
    return found, open_


def _runs(container: Value, software: Software) -> bool | None:
    """Whether it runs it; None if nobody can say yet. An image counts only with its own command."""
    line = CommandLine.of(container)
    if software.command.search(line.text):
        return True
    if container["command"].present:
        return None if line.open else False
    reference = container["image"]
    if not reference.known:
        return None if reference.present or not container.known else False
    return bool(software.image.fullmatch(image(reference.text()).repository.rpartition("/")[2].lower()))


def variable(container: Value, name: str) -> Value:
    """The entry of an environment variable; absent where there is none.

    Raises:
        Undetermined: it is not among those that are known, and there are others.
    """
    open_: Undetermined | None = None
    for entry in container["env"].items():
        try:
            if entry["name"].text() == name:
                return entry
        except Undetermined as reason:
            open_ = open_ or reason
    if open_:
        raise open_
    return Value(None, container["env"].path)


def referenced(value: Value) -> str:
    """The environment variable that an argument stands for, as `$(NAME)`; empty for any other text."""
    found = _REFERENCE.match(value.text())
    return found[1] if found else ""
