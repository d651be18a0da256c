"""A bank that is not ours: a hosted payment page with its own books, for demo and tests. Never in production."""
