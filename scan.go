package picket

// Result is everything that a scan learned about one artifact.
type Result struct {
	Artifact Artifact
	Verdict  Verdict
	Coverage Coverage
	Findings []Finding // worst first, then by location
	// Formats lists every format that accepts the content; the first is the one that Artifact.Format names.
	Formats []string
	// Trace lists the calls that loading the artifact would make, as Python, in order; bounded.
	Trace []string
	// Facts are what the content is made of, each once, ordered by kind and value; bounded. They are no findings: they are for
	// comparing two versions of a model and for its bill of materials.
	Facts []Fact
	// Vouches are the paths, relative to the artifact's folder, of files that hold raw data of the artifact, such as the external
	// data of a graph; one that ends in a slash stands for every file below it.
	Vouches []string
	// Failure is the reason why the artifact could not be opened or was given up, for a person to act on; may be empty.
	Failure string
}

// Fact is one thing that content is made of.
type Fact struct {
	Kind  FactKind
	Value string // from hostile input: print it escaped
}

// FactKind says what a fact is about.
type FactKind string

// The kinds of facts.
const (
	FactGlobal   FactKind = "global"   // a name that unpickling imports: "torch._utils._rebuild_tensor_v2"
	FactTemplate FactKind = "template" // a text that a program evaluates: its name and digest
	FactOperator FactKind = "operator" // an operator of a graph, with its domain: "ai.onnx.Conv"
	FactLayer    FactKind = "layer"    // a layer class of a network: "keras.layers.Dense"
	FactCode     FactKind = "code"     // source or compiled code: its name and digest
)

// Scan is the outcome of one run over any number of artifacts.
type Scan struct {
	Tool    string   // name and version
	Target  string   // what the user asked to scan
	Digest  Digest   // root digest of the target when it is a tree that was hashed as a whole; may be empty
	Origin  *Origin  // where the artifacts came from; nil for files of this machine
	Results []Result // in a fixed order: worst verdict first, then by name
	// Findings are about the run, not about one artifact: a configuration in the tree, an expired exception.
	Findings []Finding
	// Suppressed counts findings that the configuration or a baseline removed from Results.
	Suppressed int
}

// Origin is a place that artifacts were read from over the network.
type Origin struct {
	Place       string // exact: with the revision or digest that the name of the place stood for; holds no secret
	Size        int64  // bytes of all artifacts there
	Transferred int64  // bytes that were read, which is less where rules need only a part
	Requests    int64
}

// Verdict is the worst verdict of all artifacts; NotApplicable when there are none.
func (s Scan) Verdict() Verdict {
	worst := NotApplicable
	for _, r := range s.Results {
		if r.Verdict.Worse(worst) {
			worst = r.Verdict
		}
	}
	return worst
}

// Worst is the highest severity among all findings; 0 when there are none.
func (s Scan) Worst() Severity {
	var worst Severity
	for _, f := range s.Findings {
		worst = max(worst, f.Rule.Severity)
	}
	for _, r := range s.Results {
		for _, f := range r.Findings {
			worst = max(worst, f.Rule.Severity)
		}
	}
	return worst
}
