// Package joblib recognises pickles that joblib wrote: numpy arrays stand as raw data between the opcodes. It is for the
// registry of formats; the pickle in it is read by package pickle, whose caller skips the arrays. It parses nothing itself,
// and does not look into compressed files, which are expanded as what they are.
package joblib

import (
	"bytes"

	"github.com/picketsec/picket/artifact/format"
)

// Format recognises the format.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: "joblib", Title: "joblib pickle", MediaType: "application/x-joblib", Extensions: []string{".joblib"},
		Risk: format.Active, Refines: "pickle", Forward: true, Parsed: true,
		Spec: "https://joblib.readthedocs.io/en/stable/persistence.html",
	}
}

// Match implements format.Format: a pickle whose beginning names the wrapper of an array.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) < 2 || p.Head[0] != 0x80 || p.Head[1] > 5 {
		return false
	}
	module := bytes.Index(p.Head, []byte("joblib.numpy_pickle"))
	return module >= 0 && bytes.Contains(p.Head[module:], []byte("NumpyArrayWrapper"))
}
