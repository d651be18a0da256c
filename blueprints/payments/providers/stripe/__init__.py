"""Stripe: a hosted checkout for each payment, its notices as hints, its API as the truth."""
