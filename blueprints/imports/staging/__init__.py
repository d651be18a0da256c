"""Rows on their way into the books: a staging table, what is wrong with it, and set-based statements."""
