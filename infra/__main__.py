"""One stack, from its settings to the URL that people open."""

from infra.options import Options
from infra.outputs import StackOutputs, export
from infra.platforms import build_platform
from infra.ports import Site
from infra.settings.load import load_settings
from infra.workloads.bootstrap import Bootstrap
from infra.workloads.migration import Migration
from infra.workloads.namespace import Namespace
from infra.workloads.pooler import pooled
from infra.workloads.revision import head_revision
from infra.workloads.server import Server
from infra.workloads.store import store_outputs, stored

settings = load_settings()
platform = build_platform(settings)
namespace = Namespace("namespace", settings.namespace, cluster=platform.cluster).access
site = Site(cluster=platform.cluster, namespace=namespace, supplies=platform.supply(namespace))

bootstrap = Bootstrap("bootstrap", settings, site=site)
migration = Migration(
    "migration", settings.migration, site=site, revision=head_revision(), bootstrap=bootstrap
)
behind = pooled(settings, site=stored(settings, site=site), bootstrap=bootstrap)
server = Server("server", settings, site=behind, options=Options(settings.profile), migration=migration)
edge = platform.expose(server.endpoint)

export(
    StackOutputs(
        url=edge.url,
        ca_certificate=edge.ca_certificate,
        name_servers=edge.name_servers,
        admin_password=server.password,
        namespace=namespace.name,
        model_kind=settings.model.kind,
        database_revision=migration.revision,
        images={"server": site.supplies.images.server},
        telemetry_store=store_outputs(behind),
        cloud=platform.outputs(),
    )
)
