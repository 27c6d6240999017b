"""Load balancers, certificates, web ACLs, records and log groups refuse what AWS refuses.

moto deletes a protected load balancer, a certificate or web ACL in use, makes the same record twice, lets a
web ACL keep the rules that an update took away, and has no call that changes a log group's key or a
certificate's options.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import EmptyResult
from moto.elbv2.models import ELBv2Backend, elbv2_backends
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse
from moto.route53.models import Route53Backend
from moto.wafv2.models import WAFV2Backend

from local.emulator.errors import Refusal


def install() -> None:
    """Once for the process."""
    _before(ELBv2Backend, "delete_load_balancer", _unless_protected)
    _before(AWSCertificateManagerBackend, "delete_certificate", _unless_a_listener_has_it)
    _before(Route53Backend, "change_resource_record_sets", _unless_made_twice)
    _before(WAFV2Backend, "associate_web_acl", _instead_of_another)
    _before(WAFV2Backend, "delete_web_acl", _unless_it_protects_something)
    _before(WAFV2Backend, "update_web_acl", _with_the_rules_given)
    for owner, call in (
        (LogsResponse, _associate_kms_key),
        (LogsResponse, _disassociate_kms_key),
        (AWSCertificateManagerResponse, _update_certificate_options),
    ):
        setattr(owner, call.__name__.removeprefix("_"), call)


def _before(owner: type, name: str, check: Any) -> None:
    """Let `check` look at a call first, with the same arguments."""
    original = getattr(owner, name)

    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        check(self, *args, **kwargs)
        return original(self, *args, **kwargs)

    setattr(owner, name, checked)


def _unless_protected(elb: ELBv2Backend, arn: str) -> None:
    found = elb.load_balancers.get(arn)
    if found and found.attrs.get("deletion_protection.enabled") == "true":
        message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        raise Refusal("OperationNotPermitted", message)


def _unless_a_listener_has_it(acm: AWSCertificateManagerBackend, arn: str) -> None:
    elb = elbv2_backends[acm.account_id][acm.region_name]
    for balancer in elb.load_balancers.values():
        if any(arn in listener.certificates for listener in balancer.listeners.values()):
            raise Refusal(
                "ResourceInUseException", f"Certificate {arn} in account {acm.account_id} is in use."
            )


def _unless_made_twice(route53: Route53Backend, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    wanted = {_key(each["ResourceRecordSet"]) for each in change_list if each["Action"] == "CREATE"}
    gone = {_key(each["ResourceRecordSet"]) for each in change_list if each["Action"] == "DELETE"}
    zone = route53.get_hosted_zone(zoneid)
    there = {(one.name.rstrip("."), one.type, one.set_identifier) for one in zone.rrsets}
    for name, kind, _ in sorted((wanted & there) - gone, key=str):
        message = (
            f"[Tried to create resource record set [name='{name}.', type='{kind}'] but it already exists]"
        )
        raise Refusal("InvalidChangeBatch", message)


def _key(record: dict[str, Any]) -> tuple[str, Any, Any]:
    return record["Name"].rstrip("."), record["Type"], record.get("SetIdentifier")


def _instead_of_another(waf: WAFV2Backend, web_acl_arn: str, resource_arn: str) -> None:
    """A load balancer has one web ACL: the new one takes the old one's place."""
    if web_acl_arn in waf.wacls:
        waf.disassociate_web_acl(resource_arn)


def _unless_it_protects_something(waf: WAFV2Backend, *place: str) -> None:
    _, _, identity, _ = place
    balancers = set(_load_balancers(waf))
    for acl in waf.wacls.values():
        if acl.id == identity and balancers & set(acl.associated_resources):
            message = "AWS WAF couldn't perform the operation because your resource is being used."
            raise Refusal("WAFAssociatedItemException", message)


def _load_balancers(waf: WAFV2Backend) -> Iterator[str]:
    yield from elbv2_backends[waf.account_id][waf.region_name].load_balancers


def _with_the_rules_given(waf: WAFV2Backend, name: str, _id: str, *given: Any) -> None:
    """moto takes neither no rules nor no description for a change."""
    _, rules, description, _, lock_token, *_ = given
    acl = waf.get_web_acl(None, name, _id)
    if acl.lock_token == lock_token:
        acl.rules = [] if not rules else acl.rules
        acl.description = description or ""


def _associate_kms_key(self: Any) -> str:
    _log_group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


def _disassociate_kms_key(self: Any) -> str:
    _log_group(self).kms_key_id = None
    return ""


def _log_group(self: Any) -> Any:
    name: str = self._get_param("logGroupName")
    if name not in self.logs_backend.groups:
        raise ResourceNotFoundException()
    return self.logs_backend.groups[name]


def _update_certificate_options(self: Any) -> EmptyResult:
    arn: str = self._get_param("CertificateArn")
    self.acm_backend.get_certificate(arn).cert_options.update(self._get_param("Options"))
    return EmptyResult()
