"""What Parcours says, in other languages than English."""
