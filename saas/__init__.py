"""Floor 1: the machinery that knows no tenant's business."""
