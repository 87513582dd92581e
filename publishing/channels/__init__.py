"""Channels: one folder per kind behind one contract (`base`). They know the domain and HTTP, never each other."""
