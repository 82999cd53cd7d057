"""cocotb test benches of the core and its parts, and the runner that builds and runs them."""
