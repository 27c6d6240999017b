"""All of EKS as moto dispatches it, and the tags of everything in it."""

from __future__ import annotations

from collections.abc import Iterator

from moto.core.responses import ActionResult, EmptyResult

from local.emulator.eks.access import Access
from local.emulator.eks.addons import Addons
from local.emulator.eks.clusters import Clusters
from local.emulator.eks.nodegroups import Nodegroups
from local.emulator.eks.state import Document, missing
from local.emulator.eks.versions import Versions

ARNS = ("arn", "nodegroupArn", "addonArn", "accessEntryArn", "associationArn")


class Eks(Clusters, Nodegroups, Addons, Access, Versions):
    """A method for each operation, named in snake case; what has none is refused as not implemented."""

    def tag_resource(self) -> ActionResult:
        """Adds and overwrites."""
        self._tagged()["tags"].update(self.asked["tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """What is not there is no error."""
        tags = self._tagged()["tags"]
        for key in self.asked["tagKeys"]:
            tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """Of a cluster or of anything in one."""
        return ActionResult({"tags": self._tagged()["tags"]})

    def _tagged(self) -> Document:
        arn = self.asked["resourceArn"]
        for one in self._everything():
            if arn in {one.get(key) for key in ARNS}:
                return one
        raise missing(f"The specified resource ARN does not exist: {arn}")

    def _everything(self) -> Iterator[Document]:
        for cluster in self.clusters.values():
            yield cluster.record.answer
            yield from (record.answer for record in cluster.nodegroups.values())
            yield from (record.answer for record in cluster.addons.values())
            yield from cluster.entries.values()
            yield from cluster.identities.values()
