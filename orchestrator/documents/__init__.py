"""A file as plain data, with the place of every key and value, and the one reader of YAML."""
