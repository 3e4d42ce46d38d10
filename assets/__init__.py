"""What exists? The graph of assets: short functions that plan, judge, render and hand over."""
