"""As much of AWS as the image's own commands need: who they are, and requests that say so."""
