"""What a person's own machine needs: private PostgreSQL and Redis, Chromium, translation catalogues.

Used by the scripts in `bin/` and by the tests; nothing in production imports it.
"""
