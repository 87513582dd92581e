"""What every channel shares: the contract, capabilities, the border that lets nothing escape, the registry."""
