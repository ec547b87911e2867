"""Code that agents share: it is in the bundle of each."""
