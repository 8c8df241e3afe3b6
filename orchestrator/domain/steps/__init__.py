"""The kinds of steps, by what they do. None of them is named by the time line."""
