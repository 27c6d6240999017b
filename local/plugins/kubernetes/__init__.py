"""The fallback for `pulumi-resource-kubernetes`: the resources of the unchanged SDK `pulumi_kubernetes`.

Used only where the official plugin cannot be downloaded. It speaks server-side apply and nothing else; YAML,
Helm and Kustomize are left to the official plugin, with a sentence that says so.
"""
