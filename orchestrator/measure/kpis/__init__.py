"""Key figures of a shop: one file a family; the figures themselves stand in `measure.figures`."""
