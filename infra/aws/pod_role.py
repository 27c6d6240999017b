"""An IAM role for exactly one service account in the cluster, through EKS Pod Identity."""

from __future__ import annotations

import pulumi
from pulumi_aws import iam

from infra.aws.documents import pod_trust
from infra.aws.place import Place
from infra.options import Options


class PodRole(pulumi.ComponentResource):
    """The role and its permissions; whoever runs the pod makes the association (`arn`).

    Permissions, by purpose, are documents of our own or policies that AWS maintains for its add-ons.
    """

    def __init__(
        self,
        name: str,
        *,
        cluster_name: str,
        namespace: str,
        service_account: str,
        place: Place,
        options: Options,
        documents: dict[str, pulumi.Input[str]] | None = None,
        managed_policies: dict[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:PodRole", name, None, opts)
        role = iam.Role(
            name,
            description=f"{place.prefix}: pods of {namespace}/{service_account}",
            assume_role_policy=pod_trust(
                account=place.account,
                cluster=cluster_name,
                namespace=namespace,
                service_account=service_account,
            ),
            opts=options.child(self),
        )
        self.grants: list[pulumi.Resource] = [
            iam.RolePolicy(f"{name}-{purpose}", role=role.name, policy=policy, opts=options.child(self))
            for purpose, policy in (documents or {}).items()
        ]
        self.grants += [
            iam.RolePolicyAttachment(
                f"{name}-{purpose}",
                role=role.name,
                policy_arn=place.managed_policy(policy),
                opts=options.child(self),
            )
            for purpose, policy in (managed_policies or {}).items()
        ]
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})
