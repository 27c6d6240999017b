"""The scripted model stand-in: its image is built from here; the program is the package `standin` below."""
