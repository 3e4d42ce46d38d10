"""In which order? One use case a file. Time, ids and everything that touches the world are passed in."""
