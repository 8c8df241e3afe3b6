"""The always-on process: `parcours up` puts it together, keeps it running and ends it."""
