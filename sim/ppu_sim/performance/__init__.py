"""What the core is measured by: known layers and products, their bounds, the cycle model."""
