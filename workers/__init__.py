"""Lambda handlers, thin: an event in, one service call, an answer out. No Django."""
