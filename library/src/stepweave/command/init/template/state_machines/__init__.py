"""The workflows, and beside each the ASL that it compiles to."""
