"""What people of this project run."""
