package claim

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/picketsec/picket/evidence"
)

// Kind is a kind of claim. Trust roots and policies call it by its name. A bill of materials has one name and two types.
type Kind struct {
	Name  string // such as scan-result
	Type  string // the predicate type in the in-toto statement
	Title string // for people, in the singular: "scan result"
	// Record is true for kinds that only tell what happened: shown, and never evidence for anything.
	Record bool

	shape reflect.Type // of a kind of Picket's own; nil for one that others specify
	parse func(*evidence.Statement) (Predicate, error)
}

// Predicate is what a claim says, after its schema was checked: a pointer to one of the types of this package, or an
// *evidence.ModelSignature.
type Predicate any

// The predicate types of Picket's own claims.
const (
	TypeScanResult       = "https://picketsec.dev/claim/scan-result/v1"
	TypeManifest         = "https://picketsec.dev/claim/manifest/v1"
	TypeTrainingRun      = "https://picketsec.dev/claim/training-run/v1"
	TypeDatasetProfile   = "https://picketsec.dev/claim/dataset-profile/v1"
	TypeEvaluation       = "https://picketsec.dev/claim/evaluation/v1"
	TypeReview           = "https://picketsec.dev/claim/review/v1"
	TypeApproval         = "https://picketsec.dev/claim/approval/v1"
	TypeException        = "https://picketsec.dev/claim/exception/v1"
	TypeVendorAssessment = "https://picketsec.dev/claim/vendor-assessment/v1"
	TypeDeclaration      = "https://picketsec.dev/claim/declaration/v1"
	TypeRevocation       = "https://picketsec.dev/claim/revocation/v1"
	TypeDecision         = "https://picketsec.dev/claim/decision/v1"
	TypeHead             = "https://picketsec.dev/claim/head/v1"
)

// Kinds is the one list of all kinds.
func Kinds() []Kind {
	return []Kind{
		{Name: "signature", Type: evidence.PredicateModelSignature, Title: "model signature", parse: parseModelSignature},
		{Name: "scan-result", Type: TypeScanResult, Title: "scan result", parse: parseScanResult},
		own[Manifest](Kind{Name: "manifest", Type: TypeManifest, Title: "manifest"}),
		{Name: "bom", Type: TypeCycloneDX, Title: "bill of materials", parse: parseCycloneDX},
		{Name: "bom", Type: TypeSPDX, Title: "bill of materials", parse: parseSPDX},
		{Name: "provenance", Type: TypeProvenance, Title: "provenance", parse: parseProvenance},
		own[TrainingRun](Kind{Name: "training-run", Type: TypeTrainingRun, Title: "training run"}),
		own[DatasetProfile](Kind{Name: "dataset-profile", Type: TypeDatasetProfile, Title: "dataset profile"}),
		own[Evaluation](Kind{Name: "evaluation", Type: TypeEvaluation, Title: "evaluation"}),
		{Name: "vulnerability-status", Type: TypeVEX, Title: "vulnerability status", parse: parseVEX},
		own[Review](Kind{Name: "review", Type: TypeReview, Title: "review"}),
		own[Approval](Kind{Name: "approval", Type: TypeApproval, Title: "approval"}),
		own[Exception](Kind{Name: "exception", Type: TypeException, Title: "exception"}),
		own[VendorAssessment](Kind{Name: "vendor-assessment", Type: TypeVendorAssessment, Title: "vendor assessment"}),
		own[Declaration](Kind{Name: "declaration", Type: TypeDeclaration, Title: "declaration"}),
		own[Revocation](Kind{Name: "revocation", Type: TypeRevocation, Title: "revocation"}),
		own[Decision](Kind{Name: "decision", Type: TypeDecision, Title: "decision", Record: true}),
		own[Head](Kind{Name: "head", Type: TypeHead, Title: "head of the claims", Record: true}),
	}
}

// KindOf finds the kind with a predicate type.
func KindOf(predicateType string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Type == predicateType {
			return k, true
		}
	}
	return Kind{}, false
}

// KindNamed finds the kind of a name; of several, the first.
func KindNamed(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// Parse reads the predicate of a statement. Errors wrap evidence.ErrMalformed or evidence.ErrUnsupported.
func (k Kind) Parse(st *evidence.Statement) (Predicate, error) { return k.parse(st) }

// validator checks what the shape of a predicate cannot say.
type validator interface{ validate() error }

// own completes a kind whose predicate is a type of this package.
func own[T any](k Kind) Kind {
	k.shape = reflect.TypeFor[T]()
	schema := k.schema()
	k.parse = func(st *evidence.Statement) (Predicate, error) {
		var version struct {
			Schema string `json:"schema"`
		}
		if err := json.Unmarshal(st.Predicate, &version); err == nil && version.Schema != "" && version.Schema != schema {
			return nil, fmt.Errorf("schema %q: %w; only %s is", text(version.Schema), evidence.ErrUnsupported, schema)
		}
		p := new(T)
		if err := strict(st.Predicate, p); err != nil {
			return nil, err
		}
		if v, ok := any(p).(validator); ok {
			if err := v.validate(); err != nil {
				return nil, err
			}
		}
		return p, nil
	}
	return k
}

// Names reports whether a claim of the kind about a folder must cover the names of its files by the directory digest of its
// subject. Kinds that list files cover them there; kinds that others specify are made by tools that may not know it; a
// revocation takes away contents under whatever names.
func (k Kind) Names() bool {
	return k.shape != nil && !k.Record && k.Type != TypeManifest && k.Type != TypeRevocation
}

// schema is the version that the predicates of a kind of Picket's own name.
func (k Kind) schema() string { return "picket." + k.Name + "/1" }

// parseModelSignature reads an OpenSSF Model Signing manifest.
func parseModelSignature(st *evidence.Statement) (Predicate, error) {
	sig, err := evidence.ParseModelSignature(st)
	if err != nil {
		return nil, err // and no typed nil
	}
	return sig, nil
}
