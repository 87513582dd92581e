"""The HTTP API (DRF): turns a request into values, makes one service call, turns the answer back."""
