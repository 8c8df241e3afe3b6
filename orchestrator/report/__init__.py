"""Pages and reports for who runs the programme: figures, tables and stories, made of blocks."""
