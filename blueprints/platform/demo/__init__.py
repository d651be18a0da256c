"""Two organisations that do not exist, made by the product itself for demo and check."""
