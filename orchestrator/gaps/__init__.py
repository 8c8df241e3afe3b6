"""What a project's lifecycle lacks: the programmes that are always on elsewhere, beside what runs
here.
"""
