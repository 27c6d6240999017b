"""What a resource type has to say about itself; everything that types share is done by the provider.

A type maps Pulumi's inputs to calls of botocore and AWS's answers back to Pulumi's outputs. Names and types
of inputs come from the pulumi-aws SDK (`schema`), tags and default tags are merged by the provider (`tags`),
physical names are drawn before a type sees them (`naming`), and so a type holds only what is its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from botocore.exceptions import ClientError

Properties = dict[str, Any]
"""camelCase names as in Pulumi, plain JSON values: neither secrets' wrappers nor unknowns reach a type."""


class Aws(Protocol):
    """The account as one call of one resource sees it."""

    account: str
    region: str
    """Of the resource: its input `region`, else the provider's."""
    partition: str

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client whose requests are checked against botocore's whole model, enums included."""

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Ask `done` until it says yes; at the deadline raises `ResourceError`, which names `what`."""


class ResourceError(Exception):
    """The operation failed; the message is a sentence for the user."""


class PartlyMade(ResourceError):  # noqa: N818 - what happened, not what is wrong
    """The resource exists (`id`) but could not be finished: the state must know it."""

    def __init__(self, id: str, message: str) -> None:  # noqa: A002 - the engine's own word
        super().__init__(message)
        self.id = id


@dataclass(frozen=True)
class Autoname:
    """How a physical name is drawn if the program gives none: `<logical name>-<7 random hex digits>`."""

    property: str = "name"
    limit: int = 255
    lower: bool = False
    """Whether upper-case letters are lowered (S3, RDS identifiers)."""


class Resource(ABC):
    """One resource type."""

    token: ClassVar[str]
    """Pulumi's type token: `aws:ec2/vpc:Vpc`."""
    replaces: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change makes a new resource; `region` always does where the type has it.

    Take them from the Terraform AWS provider (ForceNew). A dotted path names a nested one:
    `vpcConfig.vpcId`.
    """
    replaces_if_only_one_has_it: ClassVar[frozenset[str]] = frozenset()
    """Inputs that take another value in place, but neither come nor go (a rule's kind of source)."""
    delete_before_replace: ClassVar[bool] = False
    """Whether the old one has to go first, since both cannot be there at once."""
    autoname: ClassVar[Autoname | None] = None
    """A type that takes `<property>Prefix` too gets the prefix and the random digits instead."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Inputs that the real provider fills in when they are left out; `None` and left out are the same."""
    json: ClassVar[frozenset[str]] = frozenset()
    """Inputs that hold a JSON document: compared as documents, not as text."""
    unordered: ClassVar[frozenset[str]] = frozenset()
    """Lists that are sets: their order means nothing. Dotted for nested ones, through lists as well:
    `vpcConfig.subnetIds`."""
    unreadable: ClassVar[frozenset[str]] = frozenset()
    """Inputs that nothing gives back, neither AWS nor its emulation: kept from the state, never compared by
    a refresh, and named in docs/rehearsal.md."""
    fills: ClassVar[frozenset[str]] = frozenset()
    """What AWS puts into an object that the program gives, dotted (`vpcConfig.clusterSecurityGroupId`): not
    known in the preview of a creation. Top-level outputs need not be named."""
    renewed: ClassVar[frozenset[str]] = frozenset()
    """Outputs that an update changes (`latestVersion`): not known in its preview."""
    secret: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are encrypted in the state."""
    emulated_by: ClassVar[str] = "moto"
    """`moto`, or `roost` where `local/emulator` adds what moto lacks; shown in docs/rehearsal.md."""

    @abstractmethod
    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make it and wait until it is usable; its id, as the real provider's. `tags` are the merged ones.

        Raises:
            ResourceError: nothing was made.
            PartlyMade: something was made.
            botocore.exceptions.ClientError: told to the user by the provider.
        """

    @abstractmethod
    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        """What AWS says about it now: every input and output that can be observed, in Pulumi's names.

        None if it is gone. The same account must give the same answer twice, so leave out what other
        resources of the stack change (a route table's routes, a security group's rules). `tags` holds all
        tags that AWS has; the provider divides them into `tags` and `tagsAll`. `state` has the outputs as
        last known (only the id on import).
        """

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """Bring it from `old` to `new`; `changed` names the top-level inputs that differ (`tags` merged)."""
        raise ResourceError(f"{self.token} has nothing that can be changed in place: {', '.join(changed)}")

    def renewed_by(self, changed: frozenset[str]) -> frozenset[str]:
        """The outputs of `renewed` that an update of these inputs changes; all of them if unsure."""
        return self.renewed

    @abstractmethod
    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """Remove it and wait until it is gone; one that is gone already is no error.

        Raises ResourceError where the real provider refuses (deletion protection, a bucket with objects).
        """


def pick(answer: Mapping[str, Any], names: Mapping[str, str]) -> Properties:
    """AWS's names to Pulumi's, without what is absent: `pick(vpc, {"CidrBlock": "cidrBlock"})`."""
    return {ours: answer[theirs] for theirs, ours in names.items() if answer.get(theirs) is not None}


def put(inputs: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Pulumi's names to AWS's, the other way round: only what is given."""
    return {theirs: inputs[ours] for ours, theirs in names.items() if inputs.get(ours) is not None}


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services take them, sorted."""
    return [{key: k, value: v} for k, v in sorted((tags or {}).items())]


def tag_map(
    tags: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value"
) -> dict[str, str]:
    """Tags as Pulumi shows them, without those that AWS itself sets."""
    return {tag[key]: tag[value] for tag in tags or () if not tag[key].startswith("aws:")}


def tag_changes(old: Properties, new: Properties) -> tuple[dict[str, str], list[str]]:
    """The tags to set and the keys to remove on the way from inputs `old` to inputs `new`."""
    before: dict[str, str] = old.get("tags") or {}
    after: dict[str, str] = new.get("tags") or {}
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return changed, sorted(before.keys() - after.keys())


@contextmanager
def absent_is_fine(*codes: str) -> Generator[None]:
    """Swallow the errors of AWS that say that it is not there; `codes` are those errors' codes."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


@contextmanager
def finishing(id: str) -> Generator[None]:  # noqa: A002
    """For the steps after the one that made it: what fails in here leaves a resource that exists."""
    try:
        yield
    except Exception as error:
        raise PartlyMade(id, str(error)) from error


def found(absent: str, describe: Callable[[], Mapping[str, Any]]) -> Properties | None:
    """The only thing that `describe` lists; None where AWS answers `absent`, or lists nothing."""
    with absent_is_fine(absent):
        lists = [value for value in describe().values() if isinstance(value, list)]
        return next((dict(one) for some in lists for one in some), None)
    return None


def once_free(aws: Aws, what: str, delete: Callable[[], object], *, absent: str, in_use: str) -> None:
    """Delete what something on its way out still uses; what is gone already is no error."""

    def gone() -> bool:
        try:
            with absent_is_fine(absent):
                delete()
        except ClientError as error:
            if error.response["Error"]["Code"] != in_use:
                raise
            return False
        return True

    aws.wait(f"{what} to be used by nothing", gone)
