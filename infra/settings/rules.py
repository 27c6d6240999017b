"""Settings that are each right and cannot work together: every rule yields a sentence for what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infra.settings import (
    rules_aws,
    rules_budget,
    rules_cache,
    rules_clickhouse,
    rules_gpu,
    rules_inference,
    rules_model,
    rules_namespace,
    rules_recovery,
    rules_server,
)
from infra.settings.settings import Settings

Rule = Callable[[Settings], Iterator[str]]

RULES: tuple[Rule, ...] = (
    rules_server.replicas_are_ordered,
    rules_cache.replicas_share_a_cache,
    rules_cache.local_cache_is_built,
    rules_server.image_is_pinned,
    rules_server.pools_fit_the_database,
    rules_server.streams_outlive_the_edge,
    rules_server.stops_are_graceful,
    rules_server.migration_can_finish,
    rules_model.model_can_answer,
    rules_model.embeddings_can_be_made,
    rules_model.handles_name_one_provider,
    rules_model.keys_travel_encrypted,
    rules_inference.section_fits_the_kind,
    rules_inference.model_is_known,
    rules_inference.tool_calls_can_be_read,
    rules_inference.embeddings_have_their_length,
    rules_inference.inference_starts_and_stops_in_time,
    rules_inference.weights_and_images_arrive,
    rules_inference.somebody_adds_pods,
    rules_inference.pods_find_their_volumes,
    rules_gpu.model_fits_the_gpus,
    rules_gpu.weights_fit_the_disk,
    rules_gpu.gpu_nodes_carry_the_pods,
    rules_gpu.gpu_prices_are_recent,
    rules_clickhouse.store_fits_the_platform,
    rules_clickhouse.store_image_is_pinned,
    rules_clickhouse.store_backups_fit_the_bucket,
    rules_namespace.quota_holds_the_stack,
    rules_namespace.defaults_are_ordered,
    rules_namespace.certificates_outlive_each_other,
    rules_aws.addresses_suffice,
    rules_aws.ipv6_is_everywhere,
    rules_aws.database_carries_its_connections,
    rules_aws.built_image_runs_on_the_nodes,
    rules_aws.node_zones_exist,
    rules_budget.cost_is_within_the_limit,
    rules_budget.prices_are_recent,
    rules_recovery.backups_avoid_the_databases_windows,
    rules_recovery.restore_tests_are_cheap,
    rules_recovery.domains_are_taken_over_in_need,
    rules_recovery.restored_from_this_region,
)


def contradictions(settings: Settings) -> list[str]:
    """Every sentence of every rule."""
    return [sentence for rule in RULES for sentence in rule(settings)]
