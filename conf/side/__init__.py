"""side: what `make compare` and `make trace` are made of: reading what a
machine exports, running it, drawing, writing the report."""
