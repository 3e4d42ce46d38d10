"""Commands of the delivery line, one file each."""
