"""The use cases: one function each, keyword-only arguments, called by desk, API, commands and workers alike."""
