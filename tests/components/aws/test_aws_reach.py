"""What can be reached: the network, the cluster, the edge."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording, Registration
from tests.support.workloads import restricted_violations, workload

STACKS = ("dev", "prod")
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ADD_ON_IDENTITIES = {("kube-system", "aws-node"), ("kube-system", "ebs-csi-controller-sa")}
POD_IDENTITIES = {
    ("kube-system", "aws-load-balancer-controller"),
    ("roost", "clickhouse"),
    ("roost", "database-bootstrap"),
    ("roost", "heartbeat"),
    ("roost", "server"),
    ("roost", "store-backup"),
    ("roost-models", "model-canary"),
    ("roost-models", "weights-fetcher"),
    ("roost-models", "weights-reader"),
}
"""Service accounts with a role. EKS itself associates those of add-ons."""


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def users_of(recording: Recording, target: Registration, type_: str) -> list[Registration]:
    return [r for r in recording.of_type(type_) if target.urn in r.dependencies]


# The network


def test_the_default_security_group_admits_nothing(stack: Recording) -> None:
    group = stack.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert group.inputs["ingress"] == []
    assert group.inputs["egress"] == []


def test_no_subnet_hands_out_public_addresses_and_none_overlaps(stack: Recording) -> None:
    subnets = stack.of_type("aws:ec2/subnet:Subnet")
    assert all(s.inputs["mapPublicIpOnLaunch"] is False for s in subnets)
    ranges = [ip_network(s.inputs["cidrBlock"]) for s in subnets]
    assert not any(a.overlaps(b) for i, a in enumerate(ranges) for b in ranges[i + 1 :])


def test_every_tier_spans_the_zones(dev: Recording, prod: Recording) -> None:
    for recording, zones in ((dev, "ab"), (prod, "abc")):
        for tier in ("public", "private", "database"):
            found = {
                s.inputs["availabilityZone"]
                for s in recording.of_type("aws:ec2/subnet:Subnet")
                if s.inputs["tags"]["tier"] == tier
            }
            assert found == {f"eu-central-1{zone}" for zone in zones}


def test_prod_survives_the_loss_of_a_zone_and_dev_pays_for_one_gateway(
    dev: Recording, prod: Recording
) -> None:
    assert len(dev.of_type("aws:ec2/natGateway:NatGateway")) == 1
    assert len(prod.of_type("aws:ec2/natGateway:NatGateway")) == 3
    for zone in "abc":
        route = prod.one("aws:ec2/route:Route", f"network-private-{zone}-nat")
        assert prod.one("aws:ec2/natGateway:NatGateway", f"network-nat-{zone}").urn in route.dependencies


@pytest.mark.parametrize(("name", "ports"), [("dev", {5432}), ("prod", {5432, 6379})])
def test_database_subnets_have_no_way_out_and_prods_cache_is_in_them(
    name: str, ports: set[int], request: pytest.FixtureRequest
) -> None:
    stack = request.getfixturevalue(name)
    table = stack.one("aws:ec2/routeTable:RouteTable", "network-database")
    assert users_of(stack, table, "aws:ec2/route:Route") == []
    acl = stack.one("aws:ec2/networkAcl:NetworkAcl")
    private = {
        s.inputs["cidrBlock"]
        for s in stack.of_type("aws:ec2/subnet:Subnet")
        if s.inputs["tags"]["tier"] == "private"
    }
    from_clients = [r for r in acl.inputs["ingress"] if r["cidrBlock"] in private]
    assert {(r["fromPort"], r["toPort"]) for r in from_clients} == {(port, port) for port in ports}
    assert not any(r["cidrBlock"] == "0.0.0.0/0" for r in acl.inputs["ingress"] + acl.inputs["egress"])


def test_flow_logs_see_everything(stack: Recording) -> None:
    log = stack.one("aws:ec2/flowLog:FlowLog")
    assert log.inputs["trafficType"] == "ALL"
    assert log.inputs["maxAggregationInterval"] == 60


def test_the_s3_endpoint_leads_to_our_buckets_only(stack: Recording) -> None:
    endpoint = stack.one("aws:ec2/vpcEndpoint:VpcEndpoint", "network-endpoints-s3")
    own = json.loads(endpoint.inputs["policy"])["Statement"][0]
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": "111122223333"}}
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"


def test_the_world_reaches_two_ports_of_the_load_balancer_and_nothing_else(stack: Recording) -> None:
    world = [r for r in stack.of_type(INGRESS) if r.inputs.get("cidrIpv4") == "0.0.0.0/0"]
    edge = stack.one("aws:ec2/securityGroup:SecurityGroup", "edge")
    assert sorted(r.inputs["fromPort"] for r in world) == [80, 443]
    for rule in world:
        assert edge.urn in rule.dependencies
        assert rule.inputs["fromPort"] == rule.inputs["toPort"]


def test_every_security_group_and_rule_says_what_it_is_for(stack: Recording) -> None:
    kinds = (
        "securityGroupIngressRule:SecurityGroupIngressRule",
        "securityGroupEgressRule:SecurityGroupEgressRule",
    )
    rules = [r for kind in kinds for r in stack.of_type(f"aws:vpc/{kind}")]
    assert len(rules) >= 5
    for resource in [*rules, *stack.of_type("aws:ec2/securityGroup:SecurityGroup")]:
        assert resource.inputs["description"], resource.urn


# The cluster


def test_the_cluster_knows_only_named_administrators(stack: Recording) -> None:
    cluster = stack.one("aws:eks/cluster:Cluster")
    assert cluster.inputs["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    entries = stack.of_type("aws:eks/accessEntry:AccessEntry")
    assert [e.inputs["principalArn"] for e in entries] == ["arn:aws:iam::111122223333:role/roost-deployer"]
    assert "kubernetesGroups" not in entries[0].inputs


def test_the_kubernetes_api_is_private_but_for_the_ranges_that_a_stack_names(stack: Recording) -> None:
    access = stack.one("aws:eks/cluster:Cluster").inputs["vpcConfig"]
    assert access["endpointPrivateAccess"] is True
    assert access["publicAccessCidrs"] == ["203.0.113.0/24"], "absent would mean the whole world"


def test_the_kubernetes_api_closes_once_the_runner_is_inside(variant: Variant) -> None:
    inside = {"publicCidrs": [], "runnerInVpc": True}
    recording = variant("prod", {"aws": {"cluster": {"api": inside}}})
    access = recording.one("aws:eks/cluster:Cluster").inputs["vpcConfig"]
    assert (access["endpointPrivateAccess"], access["endpointPublicAccess"]) == (True, False)


def test_cluster_secrets_are_encrypted_and_everything_is_logged(stack: Recording) -> None:
    cluster = stack.one("aws:eks/cluster:Cluster")
    assert cluster.inputs["encryptionConfig"]["resources"] == ["secrets"]
    assert cluster.inputs["encryptionConfig"]["provider"]["keyArn"].startswith("arn:aws:kms:")
    assert len(cluster.inputs["enabledClusterLogTypes"]) == 5
    group = stack.one("aws:cloudwatch/logGroup:LogGroup", "cluster-control-plane")
    assert group.inputs["name"] == f"/aws/eks/{cluster.inputs['name']}/cluster"
    assert stack.waits_for(cluster, group), "EKS would make one without encryption or end"
    assert cluster.inputs["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster.inputs["bootstrapSelfManagedAddons"] is False


def test_deletion_protection_follows_the_profile(dev: Recording, prod: Recording) -> None:
    for recording, expected in ((dev, False), (prod, True)):
        assert recording.one("aws:eks/cluster:Cluster").inputs["deletionProtection"] is expected
        assert (
            recording.one("aws:lb/loadBalancer:LoadBalancer").inputs["enableDeletionProtection"] is expected
        )


def test_no_pod_reaches_the_credentials_of_its_node(stack: Recording) -> None:
    groups = stack.of_type(NODE_GROUP)
    assert {g.name for g in groups} >= {"cluster-nodes-system", "cluster-nodes-app"}
    for group in groups:
        template = stack.one(TEMPLATE, group.name)
        assert template.urn in group.dependencies
        assert template.inputs["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        }
        assert "remoteAccess" not in group.inputs


def test_node_disks_are_encrypted_with_our_key(stack: Recording) -> None:
    for template in stack.of_type(TEMPLATE):
        disk = template.inputs["blockDeviceMappings"][0]["ebs"]
        assert disk["encrypted"] == "true"
        assert disk["kmsKeyId"].startswith("arn:aws:kms:")
        assert disk["volumeType"] == "gp3"


def test_the_number_of_nodes_is_left_to_the_autoscaler(stack: Recording) -> None:
    for group in stack.of_type(NODE_GROUP):
        assert group.ignore_changes == ("scalingConfig.desiredSize",)
        assert group.inputs["version"] == stack.one("aws:eks/cluster:Cluster").inputs["version"]


def test_graviton_nodes_boot_an_arm_image(dev: Recording) -> None:
    assert dev.one(NODE_GROUP, "cluster-nodes-app").inputs["amiType"] == "AL2023_ARM_64_STANDARD"


def test_nodes_may_join_and_pull_and_nothing_else(stack: Recording) -> None:
    role = stack.one("aws:iam/role:Role", "cluster-nodes")
    attached = users_of(stack, role, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert {a.inputs["policyArn"].rpartition("/")[2] for a in attached} == {
        "AmazonEKSWorkerNodePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
    }


def test_add_ons_are_pinned_and_network_policies_enforced(stack: Recording) -> None:
    addons = {a.inputs["addonName"]: a for a in stack.of_type("aws:eks/addon:Addon")}
    assert set(addons) == {
        "vpc-cni",
        "kube-proxy",
        "coredns",
        "eks-pod-identity-agent",
        "metrics-server",
        "snapshot-controller",
        "aws-ebs-csi-driver",
        "aws-secrets-store-csi-driver-provider",
    }
    for addon in addons.values():
        assert "-eksbuild." in addon.inputs["addonVersion"]
        assert addon.inputs["resolveConflictsOnCreate"] == "NONE"
        assert addon.inputs["resolveConflictsOnUpdate"] == "OVERWRITE"
    assert json.loads(addons["vpc-cni"].inputs["configurationValues"])["enableNetworkPolicy"] == "true"
    assert addons["vpc-cni"].inputs["podIdentityAssociations"][0]["serviceAccount"] == "aws-node"


def test_every_pod_role_trusts_one_service_account(stack: Recording) -> None:
    seen: set[tuple[str, str]] = set()
    for role in stack.of_type("aws:iam/role:Role"):
        trust = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]
        if trust["Principal"] != {"Service": "pods.eks.amazonaws.com"}:
            continue
        tags = trust["Condition"]["StringEquals"]
        assert tags["aws:RequestTag/eks-cluster-name"] == stack.one("aws:eks/cluster:Cluster").inputs["name"]
        seen.add(
            (tags["aws:RequestTag/kubernetes-namespace"], tags["aws:RequestTag/kubernetes-service-account"])
        )
    assert seen == ADD_ON_IDENTITIES | POD_IDENTITIES


def test_associations_wait_for_the_cluster_that_they_name(stack: Recording) -> None:
    associations = stack.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    named = [(a.inputs["namespace"], a.inputs["serviceAccount"]) for a in associations]
    assert sorted(named) == sorted(POD_IDENTITIES), "each once"
    for association in associations:
        assert stack.waits_for(association, stack.one("aws:eks/cluster:Cluster")), association.name


def test_volumes_of_pods_are_encrypted_too(stack: Recording) -> None:
    classes = stack.of_type("kubernetes:storage.k8s.io/v1:StorageClass")
    assert {one.name for one in classes} == {"cluster-gp3", "clickhouse"}
    for one in classes:
        assert one.inputs["parameters"]["encrypted"] == "true", one.name
        assert one.inputs["parameters"]["kmsKeyId"].startswith("arn:aws:kms:"), one.name


def test_the_kubeconfig_holds_no_credential(stack: Recording) -> None:
    provider = stack.one("pulumi:providers:kubernetes")
    config = json.loads(provider.inputs["kubeconfig"])
    user = config["users"][0]["user"]
    assert set(user) == {"exec"}
    assert user["exec"]["command"] == "aws"
    assert provider.inputs["clusterIdentifier"] == config["clusters"][0]["cluster"]["server"]


# The edge


def test_the_load_balancer_speaks_modern_tls_and_redirects_the_rest(stack: Recording) -> None:
    https = stack.one("aws:lb/listener:Listener", "edge-https")
    assert https.inputs["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    assert https.inputs["protocol"] == "HTTPS"
    redirect = stack.one("aws:lb/listener:Listener", "edge-redirect").inputs["defaultActions"]
    assert [a["redirect"]["statusCode"] for a in redirect] == ["HTTP_301"]
    validation = stack.one("aws:acm/certificateValidation:CertificateValidation")
    assert stack.waits_for(https, validation), "a listener needs an issued certificate"
    assert validation.timeouts["create"] == "45m"


def test_the_load_balancer_is_hardened_and_logs(stack: Recording) -> None:
    balancer = stack.one("aws:lb/loadBalancer:LoadBalancer").inputs
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["desyncMitigationMode"] == "defensive"
    assert balancer["accessLogs"]["enabled"] is True


def test_no_stream_is_cut_by_the_load_balancer(stack: Recording) -> None:
    idle = stack.one("aws:lb/loadBalancer:LoadBalancer").inputs["idleTimeout"]
    group = stack.one("aws:lb/targetGroup:TargetGroup").inputs
    pod = workload(stack, "server").pod
    assert group["deregistrationDelay"] <= pod["terminationGracePeriodSeconds"]
    assert idle >= 2 * 20, "two pings fit into the idle timeout"
    assert group["healthCheck"]["path"] == "/v1/health/"
    assert group["healthCheck"]["timeout"] < group["healthCheck"]["interval"]
    assert group["targetType"] == "ip"


def test_the_firewall_stands_before_the_first_request(stack: Recording) -> None:
    association = stack.one("aws:wafv2/webAclAssociation:WebAclAssociation")
    assert stack.waits_for(stack.one("aws:lb/listener:Listener", "edge-https"), association)


def firewall_rules(recording: Recording) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in recording.one(WEB_ACL).inputs["rules"]}


def test_the_firewall_blocks_attacks_floods_and_oversized_bodies(stack: Recording) -> None:
    rules = firewall_rules(stack)
    assert {
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesSQLiRuleSet",
    } <= set(rules)
    assert all("none" in r["overrideAction"] for r in rules.values() if "overrideAction" in r)
    assert rules["flood"]["statement"]["rateBasedStatement"]["limit"] >= 100
    assert "block" in rules["flood"]["action"]
    assert "block" in rules["body"]["action"]
    assert len({r["priority"] for r in rules.values()}) == len(rules)


def test_people_may_write_html_and_sql_to_their_agents(stack: Recording) -> None:
    groups = (firewall_rules(stack)[f"AWSManagedRules{n}RuleSet"] for n in ("Common", "SQLi"))
    counted = {
        override["name"]
        for group in groups
        for override in group["statement"]["managedRuleGroupStatement"]["ruleActionOverrides"]
        if "count" in override["actionToUse"]
    }
    assert {"CrossSiteScripting_BODY", "SQLi_BODY", "SizeRestrictions_BODY"} <= counted
    assert not {"SQLi_QUERYARGUMENTS", "CrossSiteScripting_QUERYARGUMENTS"} & counted


def test_the_firewalls_log_shows_no_password(stack: Recording) -> None:
    log = stack.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
    redacted = {f["singleHeader"]["name"] for f in log.inputs["redactedFields"]}
    assert {"authorization", "cookie"} <= redacted
    visible = [r["visibilityConfig"] for r in firewall_rules(stack).values()]
    assert not any(v["sampledRequestsEnabled"] for v in visible), "samples keep headers"


def test_pods_attach_by_a_binding_that_goes_before_its_controller(stack: Recording) -> None:
    binding = stack.one("kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding")
    assert binding.inputs["spec"]["serviceRef"] == {"name": "server", "port": 8283}
    assert binding.inputs["metadata"]["namespace"] == "roost"
    controller = stack.one("kubernetes:apps/v1:Deployment", "load-balancer-controller")
    definition = stack.one(
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "load-balancer-controller-targetgroupbindings",
    )
    for earlier in (controller, definition, stack.one("aws:lb/listener:Listener", "edge-https")):
        assert stack.waits_for(binding, earlier)


def test_no_ingress_and_no_service_makes_a_load_balancer_of_its_own(stack: Recording) -> None:
    assert stack.of_type("kubernetes:networking.k8s.io/v1:Ingress") == []
    for service in stack.of_type("kubernetes:core/v1:Service"):
        assert service.inputs["spec"].get("type", "ClusterIP") == "ClusterIP", service.name


def test_the_server_admits_the_load_balancers_subnets_and_no_others(stack: Recording) -> None:
    policy = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "load-balancer-to-server")
    rule = policy.inputs["spec"]["ingress"][0]
    public = {
        s.inputs["cidrBlock"]
        for s in stack.of_type("aws:ec2/subnet:Subnet")
        if s.inputs["tags"]["tier"] == "public"
    }
    assert {peer["ipBlock"]["cidr"] for peer in rule["from"]} == public
    assert rule["ports"] == [{"protocol": "TCP", "port": 8283}]


def test_the_controller_is_restricted_and_its_webhook_stops_no_pod(stack: Recording) -> None:
    assert restricted_violations(workload(stack, "aws-load-balancer-controller").pod) == []
    webhook = stack.one("kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration")
    hook = webhook.inputs["webhooks"][0]
    assert hook["failurePolicy"] == "Ignore"
    assert hook["namespaceSelector"]["matchLabels"] == {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
