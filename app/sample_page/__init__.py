"""The page Sample: where codes are drawn, how they are decoded, how new and how different the sentences are."""
