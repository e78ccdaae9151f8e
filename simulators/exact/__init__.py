"""What is true of worlds, computed exactly."""
