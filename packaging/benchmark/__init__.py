"""What Signet and its peers cost, side by side. `packaging/bench` prepares and runs it."""
