"""Who is asking: verifies tokens and builds the Actor that services judge."""
