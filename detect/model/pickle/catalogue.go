package pickle

// Gadgets is the catalogue of names whose call does harm, for detectors of other content that names what is called.
type Gadgets struct{ known catalogue }

// NewGadgets reads the catalogue.
func NewGadgets() (Gadgets, error) {
	known, err := parseCatalogue(gadgetText)
	return Gadgets{known}, err
}

// Find looks up a qualified name such as "os.system", or one below a listed name. It says what a call does, whether that runs
// code, and the name of the attack.
func (g Gadgets) Find(name string) (does string, executes bool, technique string, ok bool) {
	found, ok := g.known.find(name)
	if !ok {
		return "", false, "", false
	}
	return found.does, found.harm.executes(), found.technique(name), true
}
