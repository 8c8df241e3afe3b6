"""Tables of other tools as calls: customers, consent, suppressions and orders from CSV files."""
