"""Listeners of application load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    pick,
    put,
    tag_list,
)
from local.plugins.aws.types.elb_shared import (
    SERVICE,
    Attributes,
    attributes_read,
    attributes_written,
    tags_read,
    tags_written,
    without_empty,
)

_RESPONSE = "routing.http.response"
_ATTRIBUTES: Attributes = {
    "routingHttpResponseAccessControlAllowCredentialsHeaderValue": (
        f"{_RESPONSE}.access_control_allow_credentials.header_value",
        str,
    ),
    "routingHttpResponseAccessControlAllowHeadersHeaderValue": (
        f"{_RESPONSE}.access_control_allow_headers.header_value",
        str,
    ),
    "routingHttpResponseAccessControlAllowMethodsHeaderValue": (
        f"{_RESPONSE}.access_control_allow_methods.header_value",
        str,
    ),
    "routingHttpResponseAccessControlAllowOriginHeaderValue": (
        f"{_RESPONSE}.access_control_allow_origin.header_value",
        str,
    ),
    "routingHttpResponseContentSecurityPolicyHeaderValue": (
        f"{_RESPONSE}.content_security_policy.header_value",
        str,
    ),
    "routingHttpResponseServerEnabled": (f"{_RESPONSE}.server.enabled", bool),
    "routingHttpResponseStrictTransportSecurityHeaderValue": (
        f"{_RESPONSE}.strict_transport_security.header_value",
        str,
    ),
    "routingHttpResponseXContentTypeOptionsHeaderValue": (
        f"{_RESPONSE}.x_content_type_options.header_value",
        str,
    ),
    "routingHttpResponseXFrameOptionsHeaderValue": (f"{_RESPONSE}.x_frame_options.header_value", str),
}
_REDIRECT = {
    "host": "Host",
    "path": "Path",
    "port": "Port",
    "protocol": "Protocol",
    "query": "Query",
    "statusCode": "StatusCode",
}
# AWS's own: what a redirect leaves out stays as the client asked for it.
_REDIRECT_DEFAULTS = {
    "host": "#{host}",
    "path": "/#{path}",
    "port": "#{port}",
    "protocol": "#{protocol}",
    "query": "#{query}",
}
_FIXED = {"contentType": "ContentType", "messageBody": "MessageBody", "statusCode": "StatusCode"}


class Listener(Resource):
    """Actions that forward to one target group, redirect, or answer; those that sign users in are refused."""

    token: ClassVar[str] = "aws:lb/listener:Listener"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"loadBalancerArn"})
    # Two listeners of one load balancer cannot share a port; the load balancer's new one has its own.
    defaults: ClassVar[Mapping[str, Any]] = {"protocol": "HTTP"}

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client(SERVICE)
        made = client.create_listener(
            **without_empty(
                {
                    "LoadBalancerArn": inputs["loadBalancerArn"],
                    **self._request(inputs),
                    "Tags": tag_list(inputs.get("tags")),
                }
            )
        )
        arn: str = made["Listeners"][0]["ListenerArn"]
        if attributes := attributes_written(_ATTRIBUTES, inputs):
            with finishing(arn):
                client.modify_listener_attributes(ListenerArn=arn, Attributes=attributes)
        return arn

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        client = aws.client(SERVICE)
        with absent_is_fine("ListenerNotFound", "LoadBalancerNotFound"):
            found = client.describe_listeners(ListenerArns=[id])["Listeners"][0]
            attributes = client.describe_listener_attributes(ListenerArn=id)["Attributes"]
            certificates: list[dict[str, str]] = found.get("Certificates") or []
            return {
                **pick(
                    found,
                    {
                        "ListenerArn": "arn",
                        "LoadBalancerArn": "loadBalancerArn",
                        "Port": "port",
                        "Protocol": "protocol",
                    },
                ),
                "defaultActions": [
                    _action_read(order, action) for order, action in enumerate(found["DefaultActions"], 1)
                ],
                "sslPolicy": found.get("SslPolicy") if found["Protocol"] == "HTTPS" else None,
                "certificateArn": certificates[0]["CertificateArn"] if certificates else None,
                **dict.fromkeys(_ATTRIBUTES),
                # An empty text is an attribute that is not set, unless the program set it to that.
                **{
                    name: value
                    for name, value in attributes_read(_ATTRIBUTES, attributes).items()
                    if value != "" or name in state
                },
                "tags": tags_read(aws, id),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = aws.client(SERVICE)
        if changed - _ATTRIBUTES.keys() - {"tags"}:
            client.modify_listener(ListenerArn=id, **without_empty(self._request(new)))
        if headers := changed & _ATTRIBUTES.keys():
            # An empty text takes a header away again.
            wanted = {name: new.get(name, "") for name in headers}
            client.modify_listener_attributes(
                ListenerArn=id, Attributes=attributes_written(_ATTRIBUTES, wanted)
            )
        if "tags" in changed:
            tags_written(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine("ListenerNotFound", "LoadBalancerNotFound"):
            aws.client(SERVICE).delete_listener(ListenerArn=id)

    def _request(self, inputs: Properties) -> dict[str, Any]:
        certificate = inputs.get("certificateArn")
        return {
            **put(inputs, {"port": "Port", "sslPolicy": "SslPolicy"}),
            "Protocol": inputs.get("protocol", self.defaults["protocol"]),
            "Certificates": [{"CertificateArn": certificate}] if certificate else [],
            "DefaultActions": [_action_written(action) for action in inputs["defaultActions"]],
        }


def _action_written(action: Properties) -> dict[str, Any]:
    kind = action["type"]
    request = {"Type": kind, **put(action, {"order": "Order", "targetGroupArn": "TargetGroupArn"})}
    if kind == "redirect":
        request["RedirectConfig"] = put({**_REDIRECT_DEFAULTS, **action["redirect"]}, _REDIRECT)
    elif kind == "fixed-response":
        request["FixedResponseConfig"] = put(action["fixedResponse"], _FIXED)
    elif kind != "forward" or not action.get("targetGroupArn"):
        raise ResourceError(
            f"a default action of type {kind} is not served here: forward with targetGroupArn, redirect and "
            "fixed-response are"
        )
    return request


def _action_read(order: int, action: Mapping[str, Any]) -> Properties:
    found: Properties = {
        "type": action["Type"],
        "order": action.get("Order", order),
        **pick(action, {"TargetGroupArn": "targetGroupArn"}),
    }
    if action.get("RedirectConfig"):
        found["redirect"] = pick(
            action["RedirectConfig"], {theirs: ours for ours, theirs in _REDIRECT.items()}
        )
    if action.get("FixedResponseConfig"):
        found["fixedResponse"] = pick(
            action["FixedResponseConfig"], {theirs: ours for ours, theirs in _FIXED.items()}
        )
    return found


RESOURCES: tuple[Resource, ...] = (Listener(),)
