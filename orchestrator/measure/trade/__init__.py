"""Orders, refunds and customers as columns, from a log file or from the database alike."""
