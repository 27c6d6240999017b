"""What several test packages share: the recording mock engine and its tables of realistic outputs."""
