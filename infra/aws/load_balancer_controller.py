"""The AWS Load Balancer Controller, for one thing only: pods of our namespace in our target group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pulumi
import pulumi_kubernetes as k8s
from pulumi_aws import eks

from infra.aws.binding_definitions import GROUP, ingress_class_params, target_group_binding
from infra.aws.cluster import Cluster
from infra.aws.controller_access import ControllerAccess
from infra.aws.controller_pod import SERVICE, WEBHOOK_PORT, WORKLOAD, controller_pod
from infra.aws.controller_rights import controller_policy
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.aws.webhook_certificate import WebhookCertificate
from infra.options import Options
from infra.ports import NamespaceAccess
from infra.workloads.labels import labels, selector
from infra.workloads.pods import name_of

KUBE_SYSTEM = "kube-system"
GATE_LABEL = f"{GROUP}/pod-readiness-gate-inject"
REPLICAS = 2


class LoadBalancerController(pulumi.ComponentResource):
    """Controller, its rights, and the webhook that holds a rollout until the new pods get traffic.

    The stack creates no Ingress and no Service of type LoadBalancer, so nothing outside the state appears in
    the account. The webhook covers only the labelled namespace and is `Ignore`: a controller that is down
    delays a registration, and never keeps a pod from starting.
    """

    def __init__(
        self,
        name: str,
        image: str,
        *,
        target_group_arn: pulumi.Output[str],
        namespace: NamespaceAccess,
        cluster: Cluster,
        network: NetworkPort,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:LoadBalancerController", name, None, opts)
        self._name = name
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions.merge(
            options.child(self), pulumi.ResourceOptions(provider=cluster.provider)
        )
        role = PodRole(
            f"{name}-pod",
            cluster_name=cluster.cluster_name,
            namespace=KUBE_SYSTEM,
            service_account=WORKLOAD,
            documents={"attach": target_group_arn.apply(controller_policy)},
            place=place,
            options=options,
            opts=options.child(self),
        )
        association = eks.PodIdentityAssociation(
            name,
            cluster_name=cluster.cluster_name,
            namespace=KUBE_SYSTEM,
            service_account=WORKLOAD,
            role_arn=role.arn,
            opts=options.child(self, depends_on=[cluster]),
        )
        access = ControllerAccess(
            f"{name}-access", namespace=namespace, provider=cluster.provider, opts=options.child(self)
        )
        self.definitions = [
            self._definition(target_group_binding()),
            self._definition(ingress_class_params()),
        ]
        certificate = WebhookCertificate(
            f"{name}-webhook", provider=cluster.provider, opts=options.child(self)
        )
        self.deployment = self._deployment(
            controller_pod(
                image=image,
                cluster_name=cluster.cluster_name,
                region=place.region,
                vpc_id=network.vpc_id,
                watched_namespace=namespace.name,
                certificate=certificate.secret,
            ),
            after=[association, *role.grants, access, *self.definitions],
        )
        self._webhook(self._service(), certificate)
        self.register_outputs({})

    def _definition(self, spec: dict[str, object]) -> k8s.apiextensions.v1.CustomResourceDefinition:
        names = cast("dict[str, str]", spec["names"])
        return k8s.apiextensions.v1.CustomResourceDefinition(
            f"{self._name}-{names['plural']}",
            metadata={"name": f"{names['plural']}.{GROUP}", "labels": labels(WORKLOAD)},
            spec=cast("k8s.apiextensions.v1.CustomResourceDefinitionSpecArgsDict", spec),
            opts=self._opts,
        )

    def _deployment(
        self, pod: k8s.core.v1.PodTemplateSpecArgsDict, *, after: Sequence[pulumi.Resource]
    ) -> k8s.apps.v1.Deployment:
        k8s.policy.v1.PodDisruptionBudget(
            self._name,
            metadata={"name": WORKLOAD, "namespace": KUBE_SYSTEM, "labels": labels(WORKLOAD)},
            spec={"max_unavailable": 1, "selector": {"match_labels": selector(WORKLOAD)}},
            opts=self._opts,
        )
        return k8s.apps.v1.Deployment(
            self._name,
            metadata={"name": WORKLOAD, "namespace": KUBE_SYSTEM, "labels": labels(WORKLOAD)},
            spec={
                "replicas": REPLICAS,
                "selector": {"match_labels": selector(WORKLOAD)},
                "template": pod,
            },
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=list(after))),
        )

    def _service(self) -> k8s.core.v1.Service:
        return k8s.core.v1.Service(
            self._name,
            metadata={"name": SERVICE, "namespace": KUBE_SYSTEM, "labels": labels(WORKLOAD)},
            spec={
                "selector": selector(WORKLOAD),
                "ports": [{"name": "webhook", "port": 443, "target_port": WEBHOOK_PORT}],
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=[self.deployment])
            ),
        )

    def _webhook(self, service: k8s.core.v1.Service, certificate: WebhookCertificate) -> None:
        label = k8s.core.v1.NamespacePatch(
            f"{self._name}-gate",
            metadata={"name": self._namespace.name, "labels": {GATE_LABEL: "enabled"}},
            opts=self._opts,
        )
        k8s.admissionregistration.v1.MutatingWebhookConfiguration(
            self._name,
            metadata={"name": WORKLOAD, "labels": labels(WORKLOAD)},
            webhooks=[
                {
                    "name": f"mpod.{GROUP}",
                    "admission_review_versions": ["v1beta1"],
                    "side_effects": "None",
                    "failure_policy": "Ignore",
                    "timeout_seconds": 5,
                    "client_config": {
                        "ca_bundle": certificate.ca_bundle,
                        "service": {
                            "name": name_of(service),
                            "namespace": KUBE_SYSTEM,
                            "path": "/mutate-v1-pod",
                        },
                    },
                    "namespace_selector": {"match_labels": {GATE_LABEL: "enabled"}},
                    "rules": [
                        {
                            "api_groups": [""],
                            "api_versions": ["v1"],
                            "operations": ["CREATE"],
                            "resources": ["pods"],
                        }
                    ],
                }
            ],
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=[label])),
        )
