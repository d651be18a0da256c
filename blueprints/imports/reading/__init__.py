"""Files of back offices, read as they come: what they are is detected, shown, and never guessed twice."""
