"""What a rehearsal does, in order; each step asserts and says in a sentence what it saw."""
