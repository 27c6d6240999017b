"""WAFv2: web ACLs, what they protect, and their logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    pick,
    tag_changes,
    tag_list,
    tag_map,
)
from local.plugins.aws.types.wafv2_shapes import to_aws, to_pulumi

_SERVICE = "wafv2"
_GONE = "WAFNonexistentItemException"
# Somebody else's change in between, or another resource that AWS has not finished: to be tried again.
_BUSY = frozenset({"WAFOptimisticLockException", "WAFUnavailableEntityException"})
_ASSOCIATED = "WAFAssociatedItemException"
_BODIES = "customResponseBodies"
_LOGGED = ("logDestinationConfigs", "loggingFilter", "redactedFields", "resourceArn")
# Pulumi's names and the members of CreateWebACL that are translated by the model.
_PARTS = {
    "captchaConfig": "CaptchaConfig",
    "challengeConfig": "ChallengeConfig",
    "defaultAction": "DefaultAction",
    "description": "Description",
    "rules": "Rules",
    "tokenDomains": "TokenDomains",
    "visibilityConfig": "VisibilityConfig",
}


class WebAcl(Resource):
    """Every change writes the whole list of rules, with the lock token of the moment."""

    token: ClassVar[str] = "aws:wafv2/webAcl:WebAcl"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "scope"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=128)
    unordered: ClassVar[frozenset[str]] = frozenset({"rules", "tokenDomains", _BODIES})
    renewed: ClassVar[frozenset[str]] = frozenset({"capacity", "lockToken"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = _client(aws, inputs["scope"])
        request = {"Name": inputs["name"], "Scope": inputs["scope"], **self._parts(client, inputs)}
        if inputs.get("tags"):
            request["Tags"] = tag_list(inputs["tags"])
        made: list[str] = []
        _try_until(
            aws,
            f"web ACL {inputs['name']} to be made",
            lambda: made.append(client.create_web_acl(**request)["Summary"]["Id"]),
        )
        return made[0]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        if "name" not in state:
            raise ResourceError("a web ACL cannot be imported here; the official provider can do that")
        name, scope = state["name"], state["scope"]
        client = _client(aws, scope)
        with absent_is_fine(_GONE):
            answer = client.get_web_acl(Name=name, Scope=scope, Id=id)
            found = answer["WebACL"]
            members = client.meta.service_model.shape_for("WebACL").members
            tags = client.list_tags_for_resource(ResourceARN=found["ARN"])["TagInfoForResource"]["TagList"]
            return {
                **pick(found, {"ARN": "arn", "Name": "name", "Capacity": "capacity"}),
                "scope": scope,
                "lockToken": answer["LockToken"],
                **{
                    # AWS shows a description that is not there as an empty text.
                    ours: to_pulumi(members[theirs], found[theirs]) if found.get(theirs) else None
                    for ours, theirs in _PARTS.items()
                },
                _BODIES: [
                    {"key": key, "content": body["Content"], "contentType": body["ContentType"]}
                    for key, body in sorted((found.get("CustomResponseBodies") or {}).items())
                ],
                "tags": tag_map(tags),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = _client(aws, new["scope"])
        place = {"Name": new["name"], "Scope": new["scope"], "Id": id}
        if changed - {"tags"}:
            parts = self._parts(client, new)
            _try_until(
                aws,
                f"web ACL {new['name']} to be changed by nobody else",
                lambda: client.update_web_acl(**place, LockToken=_lock(client, place), **parts),
            )
        if "tags" in changed:
            arn = client.get_web_acl(**place)["WebACL"]["ARN"]
            wanted, gone = tag_changes(old, new)
            if gone:
                client.untag_resource(ResourceARN=arn, TagKeys=gone)
            if wanted:
                client.tag_resource(ResourceARN=arn, Tags=tag_list(wanted))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        client = _client(aws, state["scope"])
        place = {"Name": state["name"], "Scope": state["scope"], "Id": id}
        with absent_is_fine(_GONE):
            _try_until(
                aws,
                f"web ACL {state['name']} to be used by nothing",
                lambda: client.delete_web_acl(**place, LockToken=_lock(client, place)),
                _ASSOCIATED,
            )

    def _parts(self, client: Any, inputs: Properties) -> dict[str, Any]:
        if inputs.get("ruleJson") or inputs.get("associationConfig") or inputs.get("dataProtectionConfig"):
            raise ResourceError(
                "ruleJson, associationConfig and dataProtectionConfig are not served; use rules"
            )
        members = client.meta.service_model.operation_model("CreateWebACL").input_shape.members
        parts = {
            theirs: to_aws(members[theirs], inputs[ours], ours)
            for ours, theirs in _PARTS.items()
            if inputs.get(ours) is not None
        }
        if inputs.get(_BODIES):
            parts["CustomResponseBodies"] = {
                body["key"]: {"Content": body["content"], "ContentType": body["contentType"]}
                for body in inputs[_BODIES]
            }
        return parts


class WebAclAssociation(Resource):
    """A load balancer has at most one; the id is `<ACL's ARN>,<resource's ARN>`."""

    token: ClassVar[str] = "aws:wafv2/webAclAssociation:WebAclAssociation"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"resourceArn", "webAclArn"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        acl, resource = inputs["webAclArn"], inputs["resourceArn"]
        client = aws.client(_SERVICE)
        _try_until(
            aws,
            f"web ACL {acl} to protect {resource}",
            lambda: client.associate_web_acl(WebACLArn=acl, ResourceArn=resource),
        )
        return f"{acl},{resource}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        acl, _, resource = id.partition(",")
        with absent_is_fine(_GONE):
            found = aws.client(_SERVICE).get_web_acl_for_resource(ResourceArn=resource).get("WebACL")
            if found and found["ARN"] == acl:
                return {"webAclArn": acl, "resourceArn": resource}
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_GONE):
            aws.client(_SERVICE).disassociate_web_acl(ResourceArn=id.partition(",")[2])


class WebAclLoggingConfiguration(Resource):
    """The id is the ACL's ARN."""

    token: ClassVar[str] = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"logDestinationConfigs", "resourceArn"})
    unordered: ClassVar[frozenset[str]] = frozenset({"logDestinationConfigs", "redactedFields"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._put(aws, inputs)
        return inputs["resourceArn"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        client = aws.client(_SERVICE)
        with absent_is_fine(_GONE):
            found = client.get_logging_configuration(ResourceArn=id)["LoggingConfiguration"]
            seen = to_pulumi(client.meta.service_model.shape_for("LoggingConfiguration"), found)
            return {name: seen.get(name) for name in _LOGGED}
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        self._put(aws, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_GONE):
            aws.client(_SERVICE).delete_logging_configuration(ResourceArn=id)

    def _put(self, aws: Aws, inputs: Properties) -> None:
        client = aws.client(_SERVICE)
        wanted = to_aws(
            client.meta.service_model.shape_for("LoggingConfiguration"),
            {name: inputs.get(name) for name in _LOGGED},
            "loggingConfiguration",
        )
        client.put_logging_configuration(LoggingConfiguration=wanted)


def _client(aws: Aws, scope: str) -> Any:
    """The ACLs of CloudFront are all kept in one region."""
    return aws.client(_SERVICE, "us-east-1" if scope == "CLOUDFRONT" else None)


def _lock(client: Any, place: dict[str, str]) -> str:
    return client.get_web_acl(**place)["LockToken"]


def _try_until(aws: Aws, what: str, call: Callable[[], Any], *also_busy: str) -> None:
    """Call again while AWS says that something else has to happen first."""

    def done() -> bool:
        try:
            call()
        except ClientError as error:
            if error.response["Error"]["Code"] in _BUSY | set(also_busy):
                return False
            raise
        return True

    aws.wait(what, done)


RESOURCES: tuple[Resource, ...] = (WebAcl(), WebAclAssociation(), WebAclLoggingConfiguration())
