"""Certificates."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

CERTIFICATE = "aws:acm/certificate:Certificate"
GOOD = R(
    CERTIFICATE,
    {
        "domainName": "roost.example.com",
        "subjectAlternativeNames": ["api.roost.example.com"],
        "validationMethod": "DNS",
        "keyAlgorithm": "EC_prime256v1",
        "options": {"certificateTransparencyLoggingPreference": "ENABLED"},
    },
)

EXAMPLES = (
    Example(
        "acm-strong",
        good=(GOOD,),
        bad={
            "it is validated by mail": put("it", "validationMethod", "EMAIL"),
            "no validation is named, which means mail": drop("it", "validationMethod"),
            "its key has 1024 bits": put("it", "keyAlgorithm", "RSA_1024"),
            "it is kept out of the logs": put(
                "it", "options.certificateTransparencyLoggingPreference", "DISABLED"
            ),
            "a private authority's key is short": both(
                put("it", "certificateAuthorityArn", "arn:aws:acm-pca:::x"),
                put("it", "keyAlgorithm", "RSA_1024"),
            ),
            "all at once": Bad(
                both(
                    put("it", "validationMethod", "EMAIL"),
                    put("it", "keyAlgorithm", "RSA_1024"),
                    put("it", "options.certificateTransparencyLoggingPreference", "DISABLED"),
                ),
                3,
            ),
        },
        fine={
            "RSA of 2048 bits is what ACM takes": drop("it", "keyAlgorithm"),
            "logging is on by default": drop("it", "options"),
            "a private authority validates nothing": both(
                put("it", "certificateAuthorityArn", UNKNOWN), drop("it", "validationMethod")
            ),
            "an imported one": both(
                put("it", "certificateBody", "PEM"), drop("it", "validationMethod"), drop("it", "options")
            ),
            "a wildcard": put("it", "domainName", "*.example.com"),
        },
    ),
    Example(
        "acm-strong",
        good=(GOOD,),
        bad={
            "a wildcard": put("it", "domainName", "*.example.com"),
            "a wildcard among other names": put("it", "subjectAlternativeNames[1]", "*.example.com"),
            "an imported wildcard": both(
                put("it", "certificateBody", "PEM"), put("it", "domainName", "*.example.com")
            ),
        },
        config={"allowWildcards": False},
    ),
)
