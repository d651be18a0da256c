"""A look-alike of PayU Latam for demo and tests. It does not exist in production."""
