"""The prose around the tables of docs/settings.md."""

HEADER = """\
# Settings

<!-- Written by `make docs` from the models in infra/settings/. A test fails when the two differ. -->

A stack is described by a **profile** and by what its file says on top of it. The profile (`local`, `dev`,
`prod`) gives every setting a default; `Pulumi.<stack>.yaml` overrides single keys. Mappings merge key by key;
lists and plain values replace.

```yaml
config:
  roost:server:
    replicas: {max: 6}
    poolSize: 15
```

The same from the shell, for one key, and for a secret, which is encrypted in the file and never shown:

```
pulumi config set --path roost:server.replicas.max 6
pulumi config set --path --secret roost:model.apiKey
```

`roost:profile` names the profile of a stack; one that is called like a profile need not say it. Everything is
checked before the first resource: unknown keys, wrong types, numbers out of range, and settings that
contradict each other (pools that do not fit the database, a pod that is killed while it still streams). All
problems are reported at once, each with a remedy.

In the tables, **required** means that the stack's file must say it, and - that nothing is set.
"""

FOOTER = """\
## What is derived

Some figures are not settings, because they follow from others:

| Figure | Follows from |
| --- | --- |
| Keep-alive of the server | `edge.idleTimeoutSeconds` + 15 s: the edge closes idle connections first |
| Termination grace period | `server.preStopSeconds` + `server.drainSeconds` + 10 s |
| Deregistration delay of the load balancer | `server.preStopSeconds` + `server.drainSeconds` |
| Open connections, at most | (2 x `replicas.max` + 1) x `poolSize` + all of `reservedConnections` |
| Quota that the stack needs | the requests and limits of all pods of a rollout under full load |
| Subnets | `aws.network.cidr` and the letter of each zone |

The formulas and their reasons are in `infra/sizing/`.
"""
