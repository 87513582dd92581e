"""Pure rules. Standard library and itself only: no clock, no settings, no IO."""
