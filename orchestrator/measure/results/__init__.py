"""What journeys brought: who had a message, what followed, and what would have happened anyway."""
