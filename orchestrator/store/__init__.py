"""All SQL: the tables, and one module for each thing that they hold."""
