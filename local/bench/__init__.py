"""How fast the server is: beside its peer on the same machine, and alone as histories and archives grow."""
