"""What Interpolate, Sample and Reconstruct share: the model that is asked, its data, what is taken away."""
