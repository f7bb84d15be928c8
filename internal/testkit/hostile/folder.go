package hostile

// folderSamples are models of model folders and registries.
func folderSamples() []Sample {
	return nil
}
