// Package pickle judges Python pickles: it watches what the abstract machine of package format/pickle would do and reports
// each import, call and state that is not known to be harmless. It is for scans of models, and for detectors of containers
// that hold pickles. It allows names by exact match in reviewed packs, per position; its catalogue of known gadgets only
// raises severity and names the attack. It never imports, calls or loads anything, and no name in a file that it inspects,
// nor any neighbour of the file, makes a finding milder.
package pickle

import (
	"context"
	"errors"
	"fmt"

	"github.com/picketsec/picket/detect"
)

// Config is what a user may change.
type Config struct {
	// Allow lists exact qualified names, such as "mylib.layers.Attention", that the user has reviewed: they may be called,
	// constructed, given a state and stand as values. Their arguments are judged all the same.
	Allow []string
}

// ErrAllow is wrapped by the error about a name that cannot be allowed.
var ErrAllow = errors.New("only an exact name of the form module.name can be allowed")

// Validate reports the first name that New would leave out: one with a wildcard, a module without a name, or a whole
// module of the gadget catalogue.
func (c Config) Validate() error {
	gadgets, err := parseCatalogue(gadgetText)
	if err != nil {
		return err
	}
	for _, name := range c.Allow {
		if !allowable(gadgets, name) {
			return fmt.Errorf("allow %q: %w", name, ErrAllow)
		}
	}
	return nil
}

// allowable reports whether a user may allow the name.
func allowable(gadgets catalogue, name string) bool {
	if !exactName(name) || reachesAll(lastPart(name)) {
		return false
	}
	return !isModule(gadgets, name)
}

// isModule reports whether the catalogue has something below the name, so that the name is a module.
func isModule(gadgets catalogue, name string) bool {
	for known := range gadgets {
		if len(known) > len(name) && known[:len(name)] == name && known[len(name)] == '.' {
			return true
		}
	}
	return false
}

// Detector finds what loading a pickle would do. Make it with New; it is safe for concurrent use.
type Detector struct {
	rules   map[string]allowed
	gadgets catalogue
	broken  error // why the embedded tables could not be read; a test keeps it nil
}

// New makes a detector. Names in the configuration for which Validate reports an error are left out.
func New(cfg Config) *Detector {
	d := &Detector{rules: map[string]allowed{}}
	if d.gadgets, d.broken = parseCatalogue(gadgetText); d.broken != nil {
		return d
	}
	all, err := packs()
	if d.broken = err; err != nil {
		return d
	}
	for _, p := range all {
		for name, rule := range p.rules {
			d.rules[name] = rule
		}
	}
	for _, name := range cfg.Allow {
		if allowable(d.gadgets, name) {
			d.rules[name] = allowed{where: posRef | posCall | posNew | posBuild | posItems | posAppend, args: argsKnown}
		}
	}
	return d
}

// Info implements detect.Detector.
func (*Detector) Info() detect.Info {
	return detect.Info{
		Name: "pickle", Title: "What a Python pickle does when it is loaded",
		Formats: []string{"pickle"}, Rules: Rules(),
	}
}

// Detect implements detect.Detector.
func (d *Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if d.broken != nil {
		return d.broken
	}
	f := newFile(ctx, d, in, out)
	err := f.streams()
	f.flush()
	return err
}
