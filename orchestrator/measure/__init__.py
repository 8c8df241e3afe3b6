"""What happened, in figures and sentences: status, stories, and why something did not happen."""
