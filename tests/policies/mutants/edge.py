"""What the pack aws-edge notices about load balancers, firewall and certificates."""

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import R, add, both, drop, put, without

BALANCER = "aws:lb/loadBalancer:LoadBalancer::edge"
HTTPS, REDIRECT = "aws:lb/listener:Listener::edge-https", "aws:lb/listener:Listener::edge-redirect"
ACL = "aws:wafv2/webAcl:WebAcl::edge-firewall"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration::edge-firewall"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation::edge-firewall"
CERTIFICATE = "aws:acm/certificate:Certificate::edge-certificate"
SERVICE = "kubernetes:core/v1:Service::server"
ALB = "alb.ingress.kubernetes.io/"
FLOOD, BODY, ADDRESSES, INPUTS, COMMON, SQL = range(6)
REACH = {
    "host": "roost.example.com",
    "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "server"}}}]},
}


def ingress(**annotations: str) -> R:
    named = {f"{ALB}{name.replace('_', '-')}": value for name, value in annotations.items()}
    return R(
        "kubernetes:networking.k8s.io/v1:Ingress",
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "server", "namespace": "roost", "annotations": named},
            "spec": {"ingressClassName": "alb", "rules": [REACH], "tls": [{"hosts": [REACH["host"]]}]},
        },
        name="server",
    )


SAFE = {
    "scheme": "internet-facing",
    "certificate_arn": "arn:aws:acm:::certificate/1",
    "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "wafv2_acl_arn": "arn:aws:wafv2:::webacl/1",
    "inbound_cidrs": "198.51.100.0/24",
    "load_balancer_attributes": "deletion_protection.enabled=true,access_logs.s3.enabled=true,"
    "routing.http.drop_invalid_header_fields.enabled=true",
}
_GROUP = "statement.managedRuleGroupStatement"

GUARDS = ("ing-alb-secure",)
MUTANTS = (
    *each(
        "the load balancer answers in the clear",
        [
            (
                "port 80 redirects for a while",
                put(REDIRECT, "defaultActions[0].redirect.statusCode", "HTTP_302"),
            ),
            ("port 443 has no TLS", put(HTTPS, "protocol", "HTTP")),
            ("no certificate", drop(HTTPS, "certificateArn")),
            (
                "a rule of port 80 forwards",
                add(
                    R(
                        "aws:lb/listenerRule:ListenerRule",
                        {"listenerArn": "arn:x", "actions": [{"type": "forward"}], "priority": 1},
                        name="bypass",
                        depends={"listenerArn": ["edge-redirect"]},
                    )
                ),
            ),
        ],
        "alb-https-only",
    ),
    *each(
        "port 80 is open for more than a redirect to HTTPS",
        [
            ("it forwards", put(REDIRECT, "defaultActions", [{"type": "forward"}])),
            ("it redirects to HTTP", put(REDIRECT, "defaultActions[0].redirect.protocol", "HTTP")),
        ],
        "alb-https-only",
        "net-sg-world-web-only",
    ),
    *each(
        "TLS is weak",
        [
            ("a policy of 2016", put(HTTPS, "sslPolicy", "ELBSecurityPolicy-2016-08")),
            ("weaker ciphers", put(HTTPS, "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06")),
            ("whatever AWS takes", drop(HTTPS, "sslPolicy")),
        ],
        "alb-tls-policy",
    ),
    mutant("TLS is weak in dev", drop(HTTPS, "sslPolicy"), "alb-tls-policy", stack="dev"),
    *each(
        "malformed requests pass",
        [
            ("invalid headers", put(BALANCER, "dropInvalidHeaderFields", False)),
            ("headers as by default", drop(BALANCER, "dropInvalidHeaderFields")),
            ("requests with two readings", put(BALANCER, "desyncMitigationMode", "monitor")),
        ],
        "alb-attributes",
    ),
    *each(
        "there are no access logs",
        [
            ("switched off", put(BALANCER, "accessLogs.enabled", False)),
            ("left out", drop(BALANCER, "accessLogs")),
            ("to nowhere", put(BALANCER, "accessLogs.bucket", "")),
        ],
        "alb-access-logs",
    ),
    *each(
        "the load balancer is easily lost",
        [
            ("deletion is allowed", put(BALANCER, "enableDeletionProtection", False)),
            ("one subnet", put(BALANCER, "subnets", ["subnet-1"])),
        ],
        "alb-deletion-protection",
    ),
    *each(
        "no firewall stands before the load balancer",
        [("the association is gone", without(ASSOCIATION))],
        "alb-waf",
    ),
    mutant("no firewall in dev", without(ASSOCIATION), "alb-waf", stack="dev"),
    *each(
        "the firewall lets attacks pass",
        [
            ("no group against injections", drop(ACL, f"rules[{SQL}]")),
            ("no list of attackers", drop(ACL, f"rules[{ADDRESSES}]")),
            ("a group only counts", put(ACL, f"rules[{INPUTS}].overrideAction", {"count": {}})),
            (
                "cross-site scripts in queries only count",
                put(
                    ACL,
                    f"rules[{COMMON}].{_GROUP}.ruleActionOverrides[1].name",
                    "CrossSiteScripting_QUERYARGUMENTS",
                ),
            ),
            (
                "injections in bodies are let pass",
                put(ACL, f"rules[{SQL}].{_GROUP}.ruleActionOverrides[0].actionToUse", {"allow": {}}),
            ),
            ("nothing is counted", put(ACL, "visibilityConfig.cloudwatchMetricsEnabled", False)),
        ],
        "waf-managed-groups",
    ),
    *each(
        "the firewall lets floods pass",
        [
            ("no rate rule", drop(ACL, f"rules[{FLOOD}]")),
            ("the rate rule counts", put(ACL, f"rules[{FLOOD}].action", {"count": {}})),
            (
                "a limit that nobody reaches",
                put(ACL, f"rules[{FLOOD}].statement.rateBasedStatement.limit", 1e6),
            ),
            ("no rule about bodies", drop(ACL, f"rules[{BODY}]")),
            ("the rule about bodies counts", put(ACL, f"rules[{BODY}].action", {"count": {}})),
        ],
        "waf-rate-limit",
    ),
    mutant(
        "the firewall refuses long prompts",
        drop(ACL, f"rules[{COMMON}].{_GROUP}.ruleActionOverrides[0]"),
        "waf-rate-limit",
    ),
    mutant("the firewall has no rules", drop(ACL, "rules"), "waf-managed-groups", "waf-rate-limit"),
    *each(
        "the firewall's log",
        [
            ("is gone", without(LOGGING)),
            ("holds credentials", drop(LOGGING, "redactedFields")),
            ("holds cookies", put(LOGGING, "redactedFields[1].singleHeader.name", "accept")),
            ("goes nowhere", put(LOGGING, "logDestinationConfigs", [])),
        ],
        "waf-logging",
    ),
    *each(
        "the certificate is weak",
        [
            ("validated by mail", put(CERTIFICATE, "validationMethod", "EMAIL")),
            ("a short key", put(CERTIFICATE, "keyAlgorithm", "RSA_1024")),
            (
                "outside the public logs",
                put(CERTIFICATE, "options.certificateTransparencyLoggingPreference", "DISABLED"),
            ),
            ("for every name", put(CERTIFICATE, "domainName", "*.example.com")),
        ],
        "acm-strong",
    ),
    *each(
        "an Ingress opens a second edge",
        [
            ("as the controller makes it by default", add(ingress())),
            *(
                (f"without {name}", add(ingress(**{k: v for k, v in SAFE.items() if k != name})))
                for name in SAFE
            ),
            ("in the clear", add(ingress(**SAFE, listen_ports='[{"HTTP": 80}, {"HTTPS": 443}]'))),
        ],
        "ing-alb-secure",
    ),
    mutant("an Ingress like the edge", add(ingress(**SAFE))),
    *each(
        "a Service opens a way in",
        [
            ("on every node", put(SERVICE, "spec.type", "NodePort")),
            ("by a load balancer", put(SERVICE, "spec.type", "LoadBalancer")),
            (
                "by a load balancer for the internet",
                both(
                    put(SERVICE, "spec.type", "LoadBalancer"),
                    put(
                        SERVICE,
                        "metadata.annotations",
                        {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"},
                    ),
                ),
            ),
            ("for other addresses", put(SERVICE, "spec.externalIPs", ["198.51.100.7"])),
        ],
        "svc-no-public-lb",
    ),
    mutant(
        "a Service opens every node in dev",
        put(SERVICE, "spec.type", "NodePort"),
        "svc-no-public-lb",
        stack="dev",
    ),
)
