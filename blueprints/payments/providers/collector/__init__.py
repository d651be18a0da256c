"""A cash collector: a coupon for the payer, a daily file for us. What both look like is data."""
