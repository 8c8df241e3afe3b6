"""Beginnings: what a new project holds, and the programmes that are copied into one."""
