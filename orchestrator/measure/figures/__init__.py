"""Every figure that Parcours knows, by name, in the order in which they are told."""

from orchestrator.measure.figures import order_figures as order_figures  # isort: split

from orchestrator.measure.figures.figure import FIGURES as FIGURES
