"""What the parts for pictures are built of."""
