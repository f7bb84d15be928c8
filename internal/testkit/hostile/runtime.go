package hostile

import "slices"

// runtimeSamples are models of compiled and mobile runtimes, and of exchange.
func runtimeSamples() []Sample {
	return slices.Concat(xmlSamples(), pmmlSamples(), openvinoSamples(), coremlSamples(), executorchSamples(), jaxSamples(), paddleSamples(), mxnetSamples(), engineSamples(), ggmlSamples())
}
