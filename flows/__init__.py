"""Prefect: shifts, journeys and deliveries as its runs, and what they show of themselves."""
