"""What changes mean: each module looks at both sides for one kind of consequence."""
