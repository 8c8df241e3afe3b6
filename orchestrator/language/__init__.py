"""Files become values: YAML, TOML and expressions are read, with every fault in its place."""
