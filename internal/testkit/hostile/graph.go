package hostile

// graphSamples are models of graphs: ONNX.
func graphSamples() []Sample {
	return nil
}
