package hostile

// tensorflowSamples are models of TensorFlow.
func tensorflowSamples() []Sample {
	return nil
}
