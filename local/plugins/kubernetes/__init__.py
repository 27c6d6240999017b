"""The fallback for `pulumi-resource-kubernetes`: the resources of the unchanged SDK `pulumi_kubernetes`.

Used only where the official plugin cannot be downloaded. It speaks server-side apply and nothing else; YAML,
Helm and Kustomize are left to the official plugin, with a sentence that says so.

Where it differs from the official plugin, on purpose:

* a difference asks the API server (dry run) what is immutable, and is none if the server sees none; the
  official plugin goes by a fixed list, which here serves previews without a cluster only;
* a PersistentVolumeClaim is never replaced for its size: an error keeps the data;
* a Deployment past its progress deadline, and a failed Job or Pod, end the wait at once;
* `metadata.managedFields` stay out of the state; Ingresses are not awaited.
"""
