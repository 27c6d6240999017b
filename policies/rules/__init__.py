"""The rules of all packs: a folder for each pack, a module for each concern."""
