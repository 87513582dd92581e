"""The laptop: what AWS and the platforms are in production runs here on loopback. Nothing imports this package."""
