"""What `parcours check` finds beyond the form of files."""
