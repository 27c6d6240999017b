"""What rules are made of: readers, the vocabulary of a rule, and how rules become a pack."""
