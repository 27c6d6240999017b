"""The real vLLM on a machine without a GPU, for the tests of what our program starts it with."""
