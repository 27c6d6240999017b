"""The project's container images: built with buildah from the Dockerfiles of this repository."""
