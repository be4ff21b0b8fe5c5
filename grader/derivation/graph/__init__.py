"""Reading by running: a model's functions, called with stand-ins, leave a graph of what they computed."""
