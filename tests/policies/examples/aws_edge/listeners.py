"""Encryption between clients and load balancers."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put

LISTENER = "aws:lb/listener:Listener"
RULE = "aws:lb/listenerRule:ListenerRule"
STRONG = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
ARN = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/edge/1/"
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
REDIRECT = {
    "type": "redirect",
    "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301", "port": "443"},
}
FORWARD = {"type": "forward", "targetGroupArn": "arn:aws:elasticloadbalancing:::targetgroup/x"}
HTTPS = R(
    LISTENER,
    {
        "arn": f"{ARN}https",
        "protocol": "HTTPS",
        "port": 443,
        "certificateArn": CERTIFICATE,
        "sslPolicy": STRONG,
        "defaultActions": [FORWARD],
    },
    name="https",
)
HTTP = R(
    LISTENER,
    {"arn": f"{ARN}http", "protocol": "HTTP", "port": 80, "defaultActions": [REDIRECT]},
    name="http",
)
ELSEWHERE = R(
    RULE,
    {"listenerArn": f"{ARN}http", "actions": [REDIRECT], "priority": 1},
    name="elsewhere",
    depends={"listenerArn": ["http"]},
)

EXAMPLES = (
    Example(
        "alb-https-only",
        good=(HTTPS, HTTP, ELSEWHERE),
        bad={
            "HTTP forwards": put("http", "defaultActions", [FORWARD]),
            "one of two actions forwards": put("http", "defaultActions[1]", FORWARD),
            "a rule of the HTTP listener forwards": put("elsewhere", "actions", [FORWARD]),
            "a rule known by its ARN alone forwards": both(
                put("elsewhere", "actions", [FORWARD]), options("elsewhere", depends={})
            ),
            "the protocol is left out, which means HTTP": drop("https", "protocol"),
            "there is no certificate": drop("https", "certificateArn"),
            "the certificate is an empty text": put("https", "certificateArn", ""),
            "a network load balancer takes plain TCP": put("https", "protocol", "TCP"),
            "the redirect keeps the protocol": put(
                "http", "defaultActions[0].redirect", {"statusCode": "HTTP_301"}
            ),
            "the redirect goes to HTTP": put("http", "defaultActions[0].redirect.protocol", "HTTP"),
            "the redirect is temporary": put("http", "defaultActions[0].redirect.statusCode", "HTTP_302"),
            "an HTTP listener does nothing": drop("http", "defaultActions"),
            "two listeners are wrong": Bad(
                both(put("https", "protocol", "UDP"), put("http", "defaultActions", [FORWARD])), 2
            ),
        },
        fine={
            "a network load balancer ends TLS": put("https", "protocol", "TLS"),
            "a gateway's listener has neither protocol nor port": both(
                drop("https", "protocol"), drop("https", "port")
            ),
            "a rule of the HTTPS listener forwards": add(
                R(RULE, {"listenerArn": f"{ARN}https", "actions": [FORWARD]}, name="api")
            ),
            "the certificate comes with the update": put("https", "certificateArn", UNKNOWN),
        },
        open={
            "nobody knows yet which listener a rule belongs to": both(
                put("elsewhere", "listenerArn", UNKNOWN), options("elsewhere", depends={})
            ),
        },
        vocabulary="HTTP HTTPS",
    ),
    Example(
        "alb-tls-policy",
        good=(HTTPS, HTTP),
        bad={
            "no policy is named, so that one of 2016 is taken": drop("https", "sslPolicy"),
            "the policy is from 2016": put("https", "sslPolicy", "ELBSecurityPolicy-2016-08"),
            "the policy has TLS 1.3 and TLS 1.0": put(
                "https", "sslPolicy", "ELBSecurityPolicy-TLS13-1-0-2021-06"
            ),
            "the policy has weak ciphers of TLS 1.2": put(
                "https", "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06"
            ),
            "a network load balancer's is old": both(
                put("https", "protocol", "TLS"),
                put("https", "sslPolicy", "ELBSecurityPolicy-TLS-1-1-2017-01"),
            ),
        },
        fine={
            "TLS 1.3 alone": put("https", "sslPolicy", "ELBSecurityPolicy-TLS13-1-3-2021-06"),
            "ciphers that a quantum computer does not break": put(
                "https", "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
            ),
        },
    ),
    Example(
        "alb-tls-policy",
        good=(
            R(LISTENER, {**HTTPS.props, "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}, name="https"),
        ),
        bad={"a policy that others allow": put("https", "sslPolicy", STRONG)},
        config={"policies": ["ELBSecurityPolicy-TLS13-1-3-2021-06"]},
    ),
)
