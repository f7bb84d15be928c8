package hostile

// runtimeSamples are models of compiled and mobile runtimes, and of exchange.
func runtimeSamples() []Sample {
	return nil
}
