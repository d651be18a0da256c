"""One package or module per payment provider."""
