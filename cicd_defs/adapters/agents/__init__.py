"""Who works on prompts: the scripted back end, and the process that holds a run."""
