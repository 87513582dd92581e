"""The views: the request turned into values, one service call, the answer turned back."""
