"""The floor: what Flask, one query and a small template cost without any product around them."""
