package hostile

import "slices"

// tensorflowSamples are models of TensorFlow, TensorFlow Lite and TensorFlow.js.
func tensorflowSamples() []Sample {
	return slices.Concat(graphOperationSamples(), graphPathSamples(), savedModelSamples(), checkpointSamples(), tfliteSamples(), tfjsSamples())
}

// tensorflowSample makes a sample of a loader of TensorFlow.
func tensorflowSample(name, group, technique string, content []byte) Sample {
	return Sample{Name: name, Group: group, Technique: technique, Loader: "tensorflow", Executes: false, Build: build(content)}
}
