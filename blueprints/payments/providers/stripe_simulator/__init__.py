"""A Stripe that is not Stripe: its books behind the part of the API that we use, a checkout page and a page of its
own, for demo and tests. Never in production."""
