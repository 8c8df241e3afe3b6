"""Experiments judged: whether one way of doing something brought more than another, and how sure
that is. Functions of numbers first; what they judge comes from a log or from the database.
"""
