package hostile

// classicSamples are models of classic machine learning.
func classicSamples() []Sample {
	return nil
}
