"""The monthly run in the database: ten thousand leases at a time, in temporary tables that end with the transaction."""
