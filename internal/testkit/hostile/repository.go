package hostile

// repositorySamples are models of files in model repositories that configure their loader.
func repositorySamples() []Sample {
	return nil
}
