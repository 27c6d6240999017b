"""Fallback for pulumi-resource-docker-build, for rehearsals: no image is built.

It serves Image only, and answers with a digest of what would be built. `make up` builds the same image.
"""
