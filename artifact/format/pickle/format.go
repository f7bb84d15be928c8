package pickle

import "github.com/picketsec/picket/artifact/format"

// Format recognises pickles.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: "pickle", Title: "Python pickle", MediaType: "application/x-python-pickle",
		Extensions: []string{".pkl", ".pickle", ".p"}, Risk: format.Active, Forward: true, Parsed: true,
		Spec: "https://docs.python.org/3/library/pickle.html",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool { return len(p.Head) > 2 && p.Head[0] == 0x80 && p.Head[1] <= 5 }
