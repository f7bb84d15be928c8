package hostile

import "slices"

// classicSamples are models of classic machine learning.
func classicSamples() []Sample {
	return slices.Concat(xgboostSamples(), lightgbmSamples(), catboostSamples(), rdataSamples(), skopsSamples(), mojoSamples())
}
