"""The pages: each a function from what is asked of a source to blocks."""
