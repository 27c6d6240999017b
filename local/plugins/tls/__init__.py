"""Fallback for pulumi-resource-tls: PrivateKey, SelfSignedCert, CertRequest and LocallySignedCert."""
