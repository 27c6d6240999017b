"""Who may sign in to the cache."""

from __future__ import annotations

import pulumi
import pulumi_random as random
from pulumi_aws import elasticache

from infra.options import Options
from infra.ports import Credentials
from infra.settings.aws_cache import CacheEngine
from infra.workloads.cache import LOGIN, MAY_DO

PASSWORD_LENGTH = 48
"""ElastiCache takes 16 to 128 characters."""


class CacheLogins(pulumi.ComponentResource):
    """The server's login, and a shut door where everybody tries first.

    A group of users needs one that is named `default`, which clients without a name become; this one is off.
    """

    def __init__(
        self,
        name: str,
        *,
        engine: CacheEngine,
        identifier: pulumi.Output[str],
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:CacheLogins", name, None, opts)
        self._name = name
        self._engine = engine
        self._identifier = identifier
        self._options = options
        self.server = Credentials(username=LOGIN, password=self._password("server"))
        server = self._user("server", LOGIN, MAY_DO, self.server.password)
        nobody = self._user("default", "default", "off -@all", self._password("default"))
        group = elasticache.UserGroup(
            name,
            user_group_id=identifier,
            engine=engine,
            user_ids=[nobody.user_id, server.user_id],
            opts=options.child(self),
        )
        self.user_group_id: pulumi.Output[str] = group.user_group_id
        self.register_outputs({})

    def _password(self, role: str) -> pulumi.Output[str]:
        return random.RandomPassword(
            f"{self._name}-{role}", length=PASSWORD_LENGTH, special=False, opts=self._options.child(self)
        ).result

    def _user(self, role: str, login: str, may_do: str, password: pulumi.Output[str]) -> elasticache.User:
        return elasticache.User(
            f"{self._name}-{role}",
            user_id=pulumi.Output.concat(self._identifier, "-", role),
            user_name=login,
            engine=self._engine,
            access_string=may_do,
            passwords=[password],
            opts=self._options.child(self),
        )
