package hostile

// bundleSamples are models of archives and packages that hold models.
func bundleSamples() []Sample {
	return nil
}
