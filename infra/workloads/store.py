"""The telemetry store as the rest of the stack sees it: in the cluster, elsewhere, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pulumi

from infra.options import Options
from infra.outputs import StoreOutputs
from infra.ports import ClickHouseEndpoint, Credentials, Site
from infra.settings import Settings
from infra.settings.clickhouse import ExternalStoreSettings, StoreLogin
from infra.workloads.clickhouse import ClickHouse
from infra.workloads.reach import reach_of
from infra.workloads.store_jobs import StoreJobs


def stored(settings: Settings, *, site: Site) -> Site:
    """The site with its telemetry store, if the settings ask for one; its tables are there."""
    if settings.clickhouse.kind == "off":
        return site
    store = TelemetryStore("store", settings, site=site, options=Options(settings.profile)).endpoint
    return replace(site, supplies=replace(site.supplies, clickhouse=store))


def store_outputs(site: Site) -> StoreOutputs | None:
    """What people and dashboards need to read it; None without one."""
    store = site.supplies.clickhouse
    if store is None:
        return None
    return StoreOutputs(
        url=store.url, database=store.database, reader=store.reader.username, password=store.reader.password
    )


class TelemetryStore(pulumi.ComponentResource):
    """A ClickHouse with the collector's tables. A backup comes back before the tables that it may bring."""

    endpoint: ClickHouseEndpoint

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        site: Site,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:TelemetryStore", name, None, opts)
        self._settings = settings.clickhouse
        server = self._server(site, options)
        endpoint = server.endpoint if server else self._elsewhere(site)
        jobs = StoreJobs(self, settings, store=endpoint, site=site)
        ready = list(endpoint.ready)
        if self._settings.restore is not None:
            ready.append(jobs.restore(self._settings.restore, after=ready))
        ready.append(jobs.schema(after=ready))
        if server is not None:
            jobs.backup(self._settings.backup, server.backup, after=ready)
        self.endpoint = replace(endpoint, ready=ready)
        self.register_outputs({"host": endpoint.host})

    def _server(self, site: Site, options: Options) -> ClickHouse | None:
        """The server in the cluster, where the platform has a place for one."""
        place = site.supplies.store
        if place is None:
            return None
        return ClickHouse(
            "clickhouse",
            self._settings,
            site=site,
            place=place,
            options=options,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _elsewhere(self, site: Site) -> ClickHouseEndpoint:
        if self._settings.external is not None:
            return external_store(self._settings.external)
        assert site.supplies.clickhouse is not None  # a platform without a place for one has one
        return site.supplies.clickhouse


def external_store(settings: ExternalStoreSettings) -> ClickHouseEndpoint:
    """What the settings say of a store that someone else runs; a public authority vouches for it."""
    reach = reach_of("external-store", f"https://{settings.host}:{settings.https_port}")
    return ClickHouseEndpoint(
        host=pulumi.Output.from_input(settings.host),
        http_port=settings.https_port,
        native_port=settings.native_port,
        tls=True,
        database=settings.database,
        writer=_login(settings.writer),
        reader=_login(settings.reader),
        owner=_login(settings.schema_owner),
        ca_bundle=None,
        reach=replace(reach, ports=(settings.https_port, settings.native_port)),
    )


def _login(login: StoreLogin) -> Credentials:
    return Credentials(
        username=login.username, password=pulumi.Output.secret(login.password.get_secret_value())
    )
