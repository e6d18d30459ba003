"""The kinds of objects under /v1, one module each."""
