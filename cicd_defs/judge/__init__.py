"""May it go on? Verdicts about what others wrote or made."""
